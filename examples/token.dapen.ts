/** A currency. Value moves by send, then claim: a sender raises a total, the receiver takes what was added to it. */
export class Minted extends Event { amount: u64 = 0; }
export class Sent extends Event { to: UserId = NOBODY; amount: u64 = 0; }
export class Claimed extends Event { from: UserId = NOBODY; amount: u64 = 0; }

@contract({ id: 2 })
export class Token extends Contract {
  static readonly ISSUER: UserId = 3;

  balance: u64 = 0;
  /** All that this user has ever minted. */
  minted = grows<u64>();
  /** All that this user has ever sent to each user. */
  sent = growMap<UserId, u64>();
  /** How much of each sender's total this user has taken. */
  taken = growMap<UserId, u64>();

  @call
  mint(amount: u64): u64 {
    require(ctx.user === Token.ISSUER, "only the issuer mints");
    this.minted.add(amount);
    this.balance += amount;
    emit(Minted, { amount });
    return this.balance;
  }

  @call
  send(to: UserId, amount: u64): u64 {
    require(to !== NOBODY, "user 0 is nobody, so nothing can be sent to it");
    require(to !== ctx.user, "you cannot send to yourself");
    require(amount > 0, "the amount must be above zero");
    require(this.balance >= amount, "the balance does not cover the amount");
    this.balance -= amount;
    this.sent.add(to, amount);
    emit(Sent, { to, amount });
    return this.balance;
  }

  @call
  claim(from: UserId): u64 {
    const amount = this.take(from);
    require(amount > 0, "there is nothing to claim from this user");
    this.balance += amount;
    emit(Claimed, { from, amount });
    return amount;
  }

  /** Sweeps eight senders in one proof. Entries of 0 and senders of nothing are passed over. */
  @call
  claim_many(from: Arr<UserId, 8>): u64 {
    let sum: u64 = 0;
    for (const sender of from) {
      const amount = this.take(sender);
      if (amount > 0) {
        emit(Claimed, { from: sender, amount });
      }
      sum += amount;
    }
    require(sum > 0, "there is nothing to claim from these users");
    this.balance += sum;
    return sum;
  }

  @view
  pending(from: UserId): u64 {
    return Token.of(from).sent.get(ctx.user) - this.taken.get(from);
  }

  @view
  held(): u64 {
    return this.balance;
  }

  /** Totals only grow, and a later session never has an older anchor: this is no overflow. */
  take(from: UserId): u64 {
    const amount = Token.of(from).sent.get(ctx.user) - this.taken.get(from);
    if (amount > 0) {
      this.taken.add(from, amount);
    }
    return amount;
  }
}
