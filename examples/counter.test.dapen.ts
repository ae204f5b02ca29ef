import { Counter, Incremented } from "./counter.dapen";

export class CounterTests extends Tests {
  @test
  everybody_counts_for_themselves(w: World): void {
    const ann = w.user("ann");
    const bob = w.user("bob");
    w.as(ann);
    expect(Counter.call().increment(5), 5);
    w.emits(Incremented, { by: 5, count: 5 });
    w.as(bob);
    expect(Counter.call().increment(1), 1);
    expect(Counter.of(ann).count.get(), 5);
  }

  @test
  steps_are_from_1_to_100(w: World): void {
    w.as(w.user("ann"));
    w.fails("count by 1 to 100", Counter.call().increment(0));
    w.fails("count by 1 to 100", Counter.call().increment(101));
    let total: u64 = 0;
    for (let i = 0; i < 5; i++) {
      const by = w.random(100) + 1;
      total += by;
      expect(Counter.call().increment(by), total);
    }
    expect(Counter.call().get(), total);
  }

  @test
  a_friend_is_caught_up_with_as_of_the_last_checkpoint(w: World): void {
    const ann = w.user("ann");
    const bob = w.user("bob");
    w.as(ann);
    Counter.call().increment(9);
    w.as(bob);
    expect(Counter.call().catchUp(ann), 0);
    w.checkpoint();
    w.as(bob);
    expect(Counter.call().catchUp(ann), 9);
    Counter.call().increment(1);
    w.checkpoint();
    w.as(bob);
    expect(Counter.call().catchUp(ann), 10);
  }
}
