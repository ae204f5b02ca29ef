/** Every user has their own counter. Nobody else can move it. */
export class Incremented extends Event { by: u64 = 0; count: u64 = 0; }

@contract({ id: 1 })
export class Counter extends Contract {
  /** Only ever raised, so that others may rely on it. */
  count = grows<u64>();

  @call
  increment(by: u64): u64 {
    require(by > 0 && by <= 100, "count by 1 to 100");
    this.count.add(by);
    emit(Incremented, { by, count: this.count.get() });
    return this.count.get();
  }

  /** Reads a friend's counter as of the session's checkpoint, and catches up when it is ahead. */
  @call
  catchUp(friend: UserId): u64 {
    const theirs = Counter.of(friend).count.get();
    const mine = this.count.get();
    if (theirs > mine) {
      this.count.add(theirs - mine);
    }
    return this.count.get();
  }

  @view
  get(): u64 {
    return this.count.get();
  }
}
