import { Deal } from "./deal.dapen";

export class DealTests extends Tests {
  @test
  both_sides_come_to_the_same_end(w: World): void {
    const bank = w.user("bank", 1);
    const maker = w.user("maker", 2);
    const taker = w.user("taker", 3);
    w.as(bank);
    Deal.call().pay(maker, 10);
    Deal.call().pay(taker, 25);
    w.checkpoint();
    w.as(maker);
    Deal.call().collect();
    expect(Deal.call().offer(taker, 10, 20, 3), 0);
    w.checkpoint();
    w.as(taker);
    Deal.call().collect();
    Deal.call().accept(maker, 0);
    expect(Deal.of(taker).funds, 5);
    w.checkpoint();
    w.as(taker);
    w.fails("you already accepted", Deal.call().accept(maker, 0));
    w.fails("not due yet", Deal.call().finish(maker, 0));
    w.as(maker);
    w.fails("not due yet", Deal.call().settle(0));
    w.checkpoint();
    w.as(taker);
    expect(Deal.call().finish(maker, 0), 15);
    w.fails("already finished", Deal.call().finish(maker, 0));
    w.fails("you already accepted", Deal.call().accept(maker, 0));
    expect(Deal.of(taker).done.has(hashOf(maker, 0)), true);
    w.checkpoint();
    w.as(maker);
    expect(Deal.call().settle(0), 20);
    w.fails("already settled", Deal.call().settle(0));
  }

  @test
  a_yes_that_comes_late_gives_each_its_own_back(w: World): void {
    const bank = w.user("bank", 1);
    const maker = w.user("maker", 2);
    const taker = w.user("taker", 3);
    w.as(bank);
    Deal.call().pay(maker, 10);
    Deal.call().pay(taker, 25);
    w.checkpoint();
    w.as(maker);
    Deal.call().collect();
    Deal.call().offer(taker, 10, 20, 1);
    w.checkpoint();
    w.as(taker);
    Deal.call().collect();
    Deal.call().accept(maker, 0);
    expect(Deal.call().finish(maker, 0), 25);
    w.as(maker);
    expect(Deal.call().settle(0), 10);
  }
}
