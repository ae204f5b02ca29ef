//! Every kernel of this machine against integers modulo p, and against the scalar kernel.

use super::{Factor, Kernel, Lanes, MAX_PRODUCTS, MAX_WIDTH, Work};
use crate::felt::{EPSILON, Felt};
use crate::poseidon::{State, WIDTH, mds_lanes, permute_lanes, textbook};

const P: u64 = Felt::ORDER;

/// Where carries, borrows and reductions turn: around 0, 2^32, 2^63, p and 2^64.
const EDGES: [u64; 20] = [
    0,
    1,
    2,
    EPSILON - 1,
    EPSILON,
    EPSILON + 1,
    EPSILON + 2,
    1 << 33,
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    P - EPSILON,
    P - 2,
    P - 1,
    P,
    P + 1,
    P + EPSILON / 2,
    u64::MAX - EPSILON,
    u64::MAX - 1,
    u64::MAX,
];

/// Numbers that look random, the same in every run (SplitMix64).
struct Numbers(u64);

impl Iterator for Numbers {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(mixed ^ mixed >> 31)
    }
}

/// Three operands: every triple of edges, then random ones, in multiples of the widest lanes.
fn operands() -> [Vec<u64>; 3] {
    let mut out = [vec![], vec![], vec![]];
    for a in EDGES {
        for b in EDGES {
            for c in EDGES {
                for (list, value) in out.iter_mut().zip([a, b, c]) {
                    list.push(value);
                }
            }
        }
    }
    let mut numbers = Numbers(1);
    for list in &mut out {
        list.extend(numbers.by_ref().take(1 << 18));
        assert!(list.len().is_multiple_of(MAX_WIDTH));
    }
    out
}

/// Every operation on every triple of operands; each must be its integer twin modulo p.
struct Arithmetic<'a>(&'a [Vec<u64>; 3]);

impl Work for Arithmetic<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let [x, y, z] = self.0;
        assert!(Kernel::available().into_iter().any(|kernel| kernel.width() == L::WIDTH));
        for at in (0..x.len()).step_by(L::WIDTH) {
            let (xs, ys, zs) = (&x[at..at + L::WIDTH], &y[at..at + L::WIDTH], &z[at..at + L::WIDTH]);
            let (a, b, c) = (L::load(xs), L::load(ys), L::load(zs));
            let results = [
                (a + b).to_array(),
                (a - b).to_array(),
                (a * b).to_array(),
                (-a).to_array(),
                a.square().to_array(),
                a.double().to_array(),
                a.octuple().to_array(),
                a.mul_add(b, c).to_array(),
                a.add_canonical(b.canonical()).to_array(),
                a.pow7().to_array(),
                a.canonical().to_array(),
                L::splat(xs[0]).to_array(),
                L::from_fn(|lane| xs[lane]).to_array(),
            ];
            let p = u128::from(P);
            for lane in 0..L::WIDTH {
                let (x, y, z) = (u128::from(xs[lane]), u128::from(ys[lane]), u128::from(zs[lane]));
                let power = |n: u32| (0..n).fold(1, |product, _| product * (x % p) % p);
                let expected = [
                    x + y,
                    x + 2 * p - y,
                    x * y,
                    2 * p - x,
                    x * x,
                    x + x,
                    8 * x,
                    x * y + z,
                    x + y,
                    power(7),
                    x,
                    u128::from(xs[0]),
                    x,
                ];
                for (number, (result, expected)) in results.iter().zip(expected).enumerate() {
                    let same = u128::from(result[lane]) % p == expected % p;
                    assert!(same, "operation {number} of {x}, {y}, {z} by {} lanes", L::WIDTH);
                }
                assert!(results[10][lane] < P, "{x} is not canonical");
            }
        }
    }
}

#[test]
fn lanes_of_every_kernel_compute_modulo_the_order() {
    let operands = operands();
    for kernel in Kernel::available() {
        kernel.run(Arithmetic(&operands));
    }
}

/// The longest sums of products, with the same and with mixed operands; each must be the sum of integers modulo p.
struct Sums<'a>(&'a [u64], &'a [Factor], &'a [u64]);

impl Work for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let Sums(values, factors, plain) = self;
        let mut sum = L::empty_sum();
        let mut expected = [0u128; MAX_WIDTH];
        let p = u128::from(P);
        for at in 0..MAX_PRODUCTS {
            L::from_fn(|lane| values[(at + lane) % values.len()]).add_product(&factors[at % factors.len()], &mut sum);
            for (lane, expected) in expected.iter_mut().enumerate() {
                let value = u128::from(values[(at + lane) % values.len()]);
                *expected = (*expected + value * u128::from(plain[at % plain.len()]) % p) % p;
            }
        }
        let sums = L::reduce_sum(sum).to_array();
        for lane in 0..L::WIDTH {
            assert_eq!(u128::from(sums[lane]) % p, expected[lane], "lane {lane} of {}", L::WIDTH);
        }
    }
}

#[test]
fn sums_of_products_are_exact_however_large_their_terms() {
    let numbers: Vec<u64> = Numbers(5).take(1001).collect();
    let mut lists: Vec<Vec<u64>> = EDGES.iter().map(|&edge| vec![edge]).collect();
    lists.extend([EDGES.to_vec(), numbers]);
    for values in &lists {
        for plain in &lists {
            let factors: Vec<Factor> = plain.iter().map(|&value| Factor::new(value)).collect();
            for kernel in Kernel::available() {
                kernel.run(Sums(values, &factors, plain));
            }
            // Where there are instructions that multiply 52 bits, the kernel above used them.
            #[cfg(target_arch = "x86_64")]
            if Kernel::Avx512.is_available() {
                // SAFETY: the machine has the instructions that the function enables.
                unsafe { super::avx512::run(Sums(values, &factors, plain)) };
            }
        }
    }
}

/// Permutes states of any representatives, a copy of the first of the chunk where none is left, to canonical ones.
struct Permuted<'a>(&'a [[u64; WIDTH]]);

impl Work for Permuted<'_> {
    type Output = Vec<[u64; WIDTH]>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let mut out = Vec::with_capacity(self.0.len());
        for states in self.0.chunks(L::WIDTH) {
            let mut lanes = [L::splat(0); WIDTH];
            for (at, lane) in lanes.iter_mut().enumerate() {
                *lane = L::from_fn(|of| states.get(of).unwrap_or(&states[0])[at]);
            }
            permute_lanes(&mut lanes);
            let mut results = [[0; MAX_WIDTH]; WIDTH];
            for (result, lane) in results.iter_mut().zip(lanes) {
                *result = lane.canonical().to_array();
            }
            out.extend((0..states.len()).map(|of| std::array::from_fn(|at| results[at][of])));
        }
        out
    }
}

#[test]
fn every_kernel_permutes_as_the_textbook_does() {
    let mut numbers = Numbers(2);
    let mut states: Vec<[u64; WIDTH]> = EDGES.iter().map(|&edge| [edge; WIDTH]).collect();
    for &edge in &EDGES {
        for lane in 0..WIDTH {
            let mut state = [u64::MAX - edge; WIDTH];
            state[lane] = edge;
            states.push(state);
            states.push(std::array::from_fn(|_| EDGES[numbers.next().unwrap_or(0) as usize % EDGES.len()]));
        }
    }
    states.extend((0..20_000).map(|_| std::array::from_fn(|_| numbers.next().unwrap_or(0))));
    let expected: Vec<[u64; WIDTH]> = states
        .iter()
        .map(|state| {
            let mut state: State = state.map(Felt::reduce);
            textbook::permute(&mut state);
            state.map(Felt::as_u64)
        })
        .collect();
    for kernel in Kernel::available() {
        assert!(kernel.run(Permuted(&states)) == expected, "{kernel} differs from the textbook");
    }
}

#[test]
fn every_kernel_permutes_a_million_random_states_as_the_scalar_one_does() {
    let mut numbers = Numbers(3);
    for _ in 0..16 {
        let states: Vec<[u64; WIDTH]> =
            (0..1 << 16).map(|_| std::array::from_fn(|_| numbers.next().unwrap_or(0))).collect();
        let expected = Kernel::Scalar.run(Permuted(&states));
        for kernel in Kernel::available().into_iter().filter(|kernel| *kernel != Kernel::Scalar) {
            assert!(kernel.run(Permuted(&states)) == expected, "{kernel} differs from the scalar kernel");
        }
    }
}

/// The MDS layer alone.
struct Mixed<'a>(&'a [u64; WIDTH]);

impl Work for Mixed<'_> {
    type Output = [u64; WIDTH];

    #[inline(always)]
    fn run<L: Lanes>(self) -> Self::Output {
        let mut lanes = [L::splat(0); WIDTH];
        for (lane, &value) in lanes.iter_mut().zip(self.0) {
            *lane = L::splat(value);
        }
        mds_lanes(&mut lanes);
        let mut out = [0; WIDTH];
        for (value, lane) in out.iter_mut().zip(lanes) {
            *value = lane.canonical().to_array()[L::WIDTH - 1];
        }
        out
    }
}

#[test]
fn every_kernel_mixes_as_the_textbook_does() {
    let mut numbers = Numbers(4);
    let edges = EDGES.iter().map(|&edge| [edge; WIDTH]);
    let random = (0..1000).map(|_| std::array::from_fn(|_| numbers.next().unwrap_or(0)));
    for state in edges.chain(random) {
        let mut expected: State = state.map(Felt::reduce);
        textbook::mix(&mut expected);
        for kernel in Kernel::available() {
            assert_eq!(kernel.run(Mixed(&state)), expected.map(Felt::as_u64), "{kernel}");
        }
    }
}

#[test]
fn kernels_have_names_and_only_available_ones_can_be_forced() {
    for kernel in Kernel::ALL {
        assert_eq!(kernel.to_string().parse(), Ok(kernel));
        assert_eq!(Kernel::force(kernel).is_ok(), kernel.is_available());
    }
    assert!("sse".parse::<Kernel>().is_err());
    assert!(Kernel::available().contains(&Kernel::best()));
    Kernel::force(Kernel::best()).expect("the best is available");
    assert_eq!(Kernel::current(), Kernel::best());
}
