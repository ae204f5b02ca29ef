use super::*;
use crate::ecgfp5::scalar::tests::scalar;
use proptest::prelude::*;

/// Published with the reference implementation: P1, P2, P1 + P2, 2 P1, 2 P2, 2 P1 + P2, P1 + 2 P2.
const ELEMENTS: [[u64; 5]; 7] = [
    [12539254003028696409, 15524144070600887654, 15092036948424041984, 11398871370327264211, 10958391180505708567],
    [11001943240060308920, 17075173755187928434, 3940989555384655766, 15017795574860011099, 5548543797011402287],
    [246872606398642312, 4900963247917836450, 7327006728177203977, 13945036888436667069, 3062018119121328861],
    [8058035104653144162, 16041715455419993830, 7448530016070824199, 11253639182222911208, 6228757819849640866],
    [10523134687509281194, 11148711503117769087, 9056499921957594891, 13016664454465495026, 16494247923890248266],
    [12173306542237620, 6587231965341539782, 17027985748515888117, 17194831817613584995, 10056734072351459010],
    [9420857400785992333, 4695934009314206363, 14471922162341187302, 13395190104221781928, 16359223219913018041],
];

/// Published with the reference implementation: encodings that nothing has.
const REFUSED: [[u64; 5]; 6] = [
    [13557832913345268708, 15669280705791538619, 8534654657267986396, 12533218303838131749, 5058070698878426028],
    [135036726621282077, 17283229938160287622, 13113167081889323961, 1653240450380825271, 520025869628727862],
    [6727960962624180771, 17240764188796091916, 3954717247028503753, 1002781561619501488, 4295357288570643789],
    [4578929270179684956, 3866930513245945042, 7662265318638150701, 9503686272550423634, 12241691520798116285],
    [16890297404904119082, 6169724643582733633, 9725973298012340311, 5977049210035183790, 11379332130141664883],
    [13777379982711219130, 14715168412651470168, 17942199593791635585, 6188824164976547520, 15461469634034461986],
];

/// Published with the reference implementation: a point, a scalar, their product.
const FACTOR: [u64; 5] =
    [7534507442095725921, 16658460051907528927, 12417574136563175256, 2750788641759288856, 620002843272906439];
const SCALAR: &str = "0x1b1851c81d22d40d6d36ecce5427416608142f8fff64b47628cd3ff8aa2516d4bad0cc021a447c03";
const PRODUCT: [u64; 5] =
    [9486104512504676657, 14312981644741144668, 5159846406177847664, 15978863787033795628, 3249948839313771192];

fn element() -> impl Strategy<Value = Point> {
    scalar().prop_map(|scalar| Point::base(&scalar))
}

/// The curve equation of the coordinates as they stand, and the coset: x is no square.
fn is_in_the_group(point: Point) -> bool {
    if point.is_neutral() {
        return point.X.is_zero();
    }
    let x = point.X * point.Z.inverse().unwrap();
    let y = x * point.encode();
    y.square() == x * (x.square() + Point::A * x + Point::B) && !x.is_square()
}

#[test]
fn published_elements_decode_add_and_double() {
    let [p1, p2, p3, p4, p5, p6, p7] = ELEMENTS.map(|w| Point::decode(Fp5::constant(w)).unwrap());
    assert_eq!(p1 + p2, p3);
    assert_eq!(p1 + p1, p4);
    assert_eq!(p1.double(), p4);
    assert_eq!(p2.double(), p5);
    assert_eq!(p1.double() + p2, p6);
    assert_eq!(p1 + p2 + p2, p7);
    for (point, w) in [p1, p2, p3, p4, p5, p6, p7].into_iter().zip(ELEMENTS) {
        assert_eq!(point.encode(), Fp5::constant(w));
        assert!(is_in_the_group(point));
    }
}

#[test]
fn published_bad_encodings_are_refused() {
    for w in REFUSED {
        assert!(Point::decode(Fp5::constant(w)).is_none());
    }
}

#[test]
fn the_published_product_is_met() {
    let scalar = Scalar::from_bytes(&crate::hex::decode(SCALAR).unwrap()).unwrap();
    let product = Point::decode(Fp5::constant(FACTOR)).unwrap() * &scalar;
    assert_eq!(product.encode(), Fp5::constant(PRODUCT));
}

#[test]
fn the_generator_is_in_the_group_has_encoding_four_and_order_n() {
    assert!(is_in_the_group(Point::GENERATOR));
    assert_eq!(Point::GENERATOR.encode(), Fp5::constant([4, 0, 0, 0, 0]));
    assert_eq!(Point::decode(Fp5::constant([4, 0, 0, 0, 0])), Some(Point::GENERATOR));
    let last = Point::GENERATOR * &-Scalar::ONE;
    assert_eq!(last, -Point::GENERATOR);
    assert!((last + Point::GENERATOR).is_neutral());
}

#[test]
fn the_neutral_element_is_zero_and_nothing_else() {
    assert!(Point::NEUTRAL.encode().is_zero());
    assert_eq!(Point::decode(Fp5::ZERO), Some(Point::NEUTRAL));
    assert!(Point::NEUTRAL.image().is_none());
    assert!(Point::NEUTRAL.double().is_neutral());
    assert_eq!(Point::NEUTRAL + Point::GENERATOR, Point::GENERATOR);
}

#[test]
fn all_sixteen_entries_of_a_table_are_found() {
    let table = std::array::from_fn(|i| Point::base(&Scalar::from_u128(i as u128)).to_affine());
    for (i, entry) in (0u8..).zip(&table) {
        assert_eq!(Affine::lookup(&table, i).u, entry.u);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_group_laws_hold(a in element(), b in element(), c in element()) {
        prop_assert_eq!(a + b, b + a);
        prop_assert_eq!((a + b) + c, a + (b + c));
        prop_assert_eq!(a + Point::NEUTRAL, a);
        prop_assert!((a - a).is_neutral());
        prop_assert_eq!(a + a, a.double());
        prop_assert!(is_in_the_group(a + b) && is_in_the_group(a.double()));
        let table = b.to_affine();
        prop_assert_eq!(a.add_affine(table), a + b);
    }

    #[test]
    fn multiplication_is_linear(a in scalar(), b in scalar(), point in element()) {
        prop_assert_eq!(point * &(a + b), point * &a + point * &b);
        prop_assert_eq!(point * &(a * b), (point * &a) * &b);
        prop_assert_eq!(Point::base(&a), Point::GENERATOR * &a);
    }

    #[test]
    fn short_factors_multiply_like_scalars(factor in any::<u128>(), point in element()) {
        prop_assert_eq!(point.multiply_u128(factor), point * &Scalar::from_u128(factor));
    }

    #[test]
    fn encodings_round_trip(point in element()) {
        prop_assert_eq!(Point::decode(point.encode()), Some(point));
        if let Some(negated) = Point::decode(-point.encode()) {
            prop_assert_eq!(negated, -point);
        }
    }

    /// The circuit computes with these images under plain affine formulas of the curve.
    #[test]
    fn images_keep_the_encoding_have_square_abscissas_and_add_like_curve_points(a in element(), b in element()) {
        let (Some((x1, y1)), Some((x2, y2)), Some((x3, y3))) = (a.image(), b.image(), (a + b).image()) else {
            return Ok(());
        };
        prop_assert!(x1.is_square());
        prop_assert_eq!(y1, x1 * a.encode());
        prop_assert_eq!(y1.square(), x1 * (x1.square() + Point::A * x1 + Point::B));
        if let Some(inverse) = (x2 - x1).inverse() {
            let slope = (y2 - y1) * inverse;
            prop_assert_eq!(x3, slope.square() - Point::A - x1 - x2);
            prop_assert_eq!(y3, slope * (x1 - x3) - y1);
        }
    }
}
