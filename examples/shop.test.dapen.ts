import { Token } from "./token.dapen";
import { Shop } from "./shop.dapen";

export class ShopTests extends Tests {
  @test
  a_buyer_pays_at_once_and_keeps_what_was_asked(w: World): void {
    const keeper = w.user("keeper", 3);
    const bob = w.user("bob", 5);
    w.as(keeper);
    Token.call().mint(100);
    Token.call().send(bob, 30);
    w.checkpoint();
    w.as(bob);
    w.fails("that would leave too little", Shop.call().buy(1, 0));
    Token.call().claim(keeper);
    w.fails("that would leave too little", Shop.call().buy(5, 6));
    expect(Shop.call().buy(5, 5), 5);
    expect(Shop.of(bob).tickets.get(), 5);
    expect(Token.of(bob).balance, 5);
    expect(Token.of(bob).sent.get(keeper), 25);
  }

  @test
  what_a_friend_sent_is_taken_in_and_spent_in_one_call(w: World): void {
    const keeper = w.user("keeper", 3);
    const bob = w.user("bob", 5);
    w.as(keeper);
    Token.call().mint(100);
    Token.call().send(bob, 12);
    w.checkpoint();
    w.as(bob);
    expect(Shop.call().spend(keeper, 9), 2);
    expect(Token.of(bob).balance, 2);
    w.fails("there is nothing to claim", Shop.call().spend(keeper, 9));
    expect(Shop.of(bob).tickets.get(), 2);
  }
}
