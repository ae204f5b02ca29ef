import { Token } from "./token.dapen";

export class TokenTests extends Tests {
  @test
  a_claim_sees_the_newest_checkpoint_and_nothing_later(w: World): void {
    const issuer = w.user("issuer", 3);
    const bob = w.user("bob", 5);
    w.as(issuer);
    Token.call().mint(100);
    expect(Token.call().send(bob, 30), 70);
    w.as(bob);
    w.fails("there is nothing to claim", Token.call().claim(issuer));
    w.checkpoint();
    w.as(bob);
    expect(Token.call().pending(issuer), 30);
    expect(Token.call().claim(issuer), 30);
    w.fails("there is nothing to claim", Token.call().claim(issuer));
    expect(Token.of(bob).balance, 30);
    expect(Token.of(issuer).sent.get(bob), 30);
  }

  @test
  an_old_anchor_shows_nothing_to_claim(w: World): void {
    const issuer = w.user("issuer", 3);
    const bob = w.user("bob", 5);
    w.as(issuer);
    Token.call().mint(100);
    Token.call().send(bob, 30);
    w.checkpoint();
    w.anchor(1);
    w.as(bob);
    w.fails("there is nothing to claim", Token.call().claim(issuer));
  }

  @test
  senders_are_swept_at_once(w: World): void {
    const issuer = w.user("issuer", 3);
    const bob = w.user("bob", 5);
    w.as(issuer);
    Token.call().mint(100);
    Token.call().send(bob, 30);
    w.checkpoint();
    w.as(bob);
    expect(Token.call().claim_many([NOBODY, issuer, 4, 0, 0, 0, 0, issuer]), 30);
  }
}
