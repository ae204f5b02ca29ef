/** `0x` and 64 hexadecimal digits. */
export type Hash = `0x${string}`;

type Parameter = { readonly name: string; readonly type: string };
type Values = Record<string, boolean | number | bigint | string>;

const LIMITS: Record<string, bigint> = { felt: 0xffffffff00000001n, u32: 1n << 32n, u64: 1n << 62n };

function fail(parameter: Parameter, value: unknown): never {
  throw new RangeError(`${parameter.name}: ${String(value)} is no ${parameter.type}`);
}

function toFelts(parameter: Parameter, value: unknown): bigint[] {
  if (parameter.type === "bool") {
    return typeof value === "boolean" ? [value ? 1n : 0n] : fail(parameter, value);
  }
  if (parameter.type === "hash") {
    if (typeof value !== "string" || !/^0x[0-9a-f]{64}$/.test(value)) return fail(parameter, value);
    return [0, 1, 2, 3].map((lane) => {
      let felt = 0n;
      for (let byte = 7; byte >= 0; byte--) {
        const at = 2 + 16 * lane + 2 * byte;
        felt = (felt << 8n) | BigInt("0x" + value.slice(at, at + 2));
      }
      return felt < LIMITS["felt"]! ? felt : fail(parameter, value);
    });
  }
  const whole = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  if (!whole) return fail(parameter, value);
  const number = BigInt(value as bigint | number);
  return number >= 0n && number < LIMITS[parameter.type]! ? [number] : fail(parameter, value);
}

function fromFelts(parameters: readonly Parameter[], felts: readonly string[]): Values {
  const values: Values = {};
  let at = 0;
  for (const parameter of parameters) {
    const width = parameter.type === "hash" ? 4 : 1;
    const mine = felts.slice(at, at + width).map((felt) => BigInt(felt));
    at += width;
    const first = mine[0];
    if (first === undefined || mine.length < width) throw new RangeError(`${parameter.name} is missing`);
    if (mine.some((felt) => felt < 0n || felt >= LIMITS["felt"]!)) fail(parameter, mine);
    if (parameter.type === "hash") {
      const bytes = mine.flatMap((felt) => [0, 1, 2, 3, 4, 5, 6, 7].map((byte) => (felt >> BigInt(8 * byte)) & 255n));
      values[parameter.name] = "0x" + bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    } else if (parameter.type === "bool") {
      values[parameter.name] = first < 2n ? first === 1n : fail(parameter, first);
    } else {
      if (first >= LIMITS[parameter.type]!) fail(parameter, first);
      values[parameter.name] = parameter.type === "u32" ? Number(first) : first;
    }
  }
  if (at !== felts.length) throw new RangeError(`${felts.length} felts, expected ${at}`);
  return values;
}

/** The felts of a call, as decimal strings. Throws when a value does not fit its type. */
export function encode<F extends keyof Inputs>(name: F, inputs: Inputs[F]): string[] {
  const parameters: readonly Parameter[] = contract.functions[name].inputs;
  const values = inputs as unknown as Record<string, unknown>;
  return parameters.flatMap((known) => toFelts(known, values[known.name])).map((felt) => felt.toString());
}

/** What a call gave, from its felts. Throws when they are not those of the function. */
export function decode<F extends keyof Outputs>(name: F, felts: readonly string[]): Outputs[F] {
  const parameters: readonly Parameter[] = contract.functions[name].outputs;
  return fromFelts(parameters, felts) as unknown as Outputs[F];
}

/** An event from its felts; the first says which kind it is. Nothing when it is no event of this contract. */
export function event(felts: readonly string[]): { name: keyof Events; fields: Events[keyof Events] } | undefined {
  const kinds: Record<string, { readonly id: bigint; readonly fields: readonly Parameter[] }> = contract.events;
  for (const [name, kind] of Object.entries(kinds)) {
    if (felts[0] !== undefined && BigInt(felts[0]) === kind.id) {
      const fields = fromFelts(kind.fields, felts.slice(1)) as unknown as Events[keyof Events];
      return { name: name as keyof Events, fields };
    }
  }
  return undefined;
}
