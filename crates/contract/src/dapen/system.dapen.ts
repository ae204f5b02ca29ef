/** The native currency: id 0 on every network, and the only contract that may move the native balance. */

export class Sent extends Event { to: UserId = NOBODY; amount: u64 = 0; }
export class Claimed extends Event { from: UserId = NOBODY; amount: u64 = 0; }

@contract({ id: 0 })
export class System extends Contract {
  /** All that this user has ever sent to each user. */
  sent = growMap<UserId, u64>();
  /** All that this user has ever claimed from each user. */
  claimed = growMap<UserId, u64>();

  @call
  send(to: UserId, amount: u64): void {
    require(to !== NOBODY, "user 0 is nobody, so nothing can be sent to it");
    require(to !== ctx.user, "you cannot send to yourself");
    require(amount > 0, "the amount must be above zero");
    this.sent.add(to, amount);
    balanceOut(amount);
    emit(Sent, { to, amount });
  }

  @call
  claim(from: UserId): u64 {
    const amount = this.take(from);
    require(amount > 0, "there is nothing to claim from this user");
    balanceIn(amount);
    emit(Claimed, { from, amount });
    return amount;
  }

  /** Entries of 0 and senders of nothing are passed over. */
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
    balanceIn(sum);
    return sum;
  }

  /** Totals only grow, and a later session never has an older anchor: this is no overflow. */
  take(from: UserId): u64 {
    const amount = System.of(from).sent.get(ctx.user) - this.claimed.get(from);
    if (amount > 0) {
      this.claimed.add(from, amount);
    }
    return amount;
  }
}
