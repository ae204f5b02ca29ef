/** Two-party escrow. Both sides decide from the same frozen fact: had the taker said yes at `due`? */
export class Offered extends Event { taker: UserId = NOBODY; number: u32 = 0; goods: u64 = 0; price: u64 = 0; }
export class Said extends Event { maker: UserId = NOBODY; number: u32 = 0; }

/** An offer never changes once it is made. */
export class Offer { taker: UserId = NOBODY; goods: u64 = 0; price: u64 = 0; due: CheckpointId = 0; }

@contract({ id: 5 })
export class Deal extends Contract {
  static readonly BANK: UserId = 1;

  /** Paid in by the bank's own word, for the sake of the example. */
  funds: u64 = 0;
  paid = growMap<UserId, u64>();
  taken = grows<u64>();
  // The maker's copy.
  offers = list<Offer>(4096);
  closed = map<u32, bool>();
  // The taker's copy, by the hash of maker and number: which offers were accepted, and which of them are over.
  said = map<hash, bool>();
  done = map<hash, bool>();

  /** The bank credits a user. */
  @call
  pay(to: UserId, amount: u64): void {
    require(ctx.user === Deal.BANK, "only the bank pays in");
    this.paid.add(to, amount);
  }

  @call
  collect(): u64 {
    const amount = Deal.of(Deal.BANK).paid.get(ctx.user) - this.taken.get();
    this.taken.add(amount);
    this.funds += amount;
    return this.funds;
  }

  @call
  offer(taker: UserId, goods: u64, price: u64, due: CheckpointId): u32 {
    this.funds -= goods;
    const number = this.offers.len();
    this.offers.push({ taker, goods, price, due });
    emit(Offered, { taker, number, goods, price });
    return number;
  }

  @call
  accept(maker: UserId, number: u32): void {
    const offer = Deal.of(maker).offers.at(number);
    require(offer.taker === ctx.user, "not offered to you");
    const key = hashOf(maker, number);
    require(!this.said.get(key), "you already accepted");
    this.funds -= offer.price;
    this.said.set(key, true);
    emit(Said, { maker, number });
  }

  /** The taker, after `due`: the goods if the yes was in time, else the money back. */
  @call
  finish(maker: UserId, number: u32): u64 {
    const offer = Deal.of(maker).offers.at(number);
    const key = hashOf(maker, number);
    require(this.said.get(key), "you did not accept");
    require(ctx.checkpoint > offer.due, "not due yet");
    require(!this.done.get(key), "already finished");
    this.done.set(key, true);
    const inTime = Deal.at(ctx.user, offer.due).said.get(key);
    this.funds += inTime ? offer.goods : offer.price;
    return this.funds;
  }

  /** The maker, after `due`: the price if the yes was in time, else the goods back. */
  @call
  settle(number: u32): u64 {
    const offer = this.offers.at(number);
    require(ctx.checkpoint > offer.due, "not due yet");
    require(!this.closed.get(number), "already settled");
    this.closed.set(number, true);
    const yes = Deal.at(offer.taker, offer.due).said.get(hashOf(ctx.user, number));
    this.funds += yes ? offer.price : offer.goods;
    return this.funds;
  }
}
