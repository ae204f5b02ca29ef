import { Token } from "./token.dapen";
import { Poll } from "./poll.dapen";

export class PollTests extends Tests {
  @test
  votes_weigh_what_was_held_when_the_poll_opened(w: World): void {
    const organiser = w.user("organiser", 1);
    const issuer = w.user("issuer", 3);
    const bob = w.user("bob", 4);
    w.as(issuer);
    Token.call().mint(100);
    Token.call().send(bob, 40);
    w.checkpoint();
    w.as(bob);
    Token.call().claim(issuer);
    w.checkpoint();
    w.as(organiser);
    Poll.call().open(hashOf(77), 4);
    w.fails("you already opened a poll", Poll.call().open(hashOf(77), 4));
    w.checkpoint();
    w.as(bob);
    Poll.call().vote(organiser, true);
    w.fails("you already voted", Poll.call().vote(organiser, false));
    w.as(issuer);
    Poll.call().vote(organiser, false);
    w.fails("there is no such poll", Poll.call().vote(bob, true));
    w.checkpoint();
    w.as(organiser);
    w.fails("the poll is still open", Poll.call().count(organiser, [bob, issuer, 0, 0, 0, 0, 0, 0]));
    w.checkpoint();
    w.as(organiser);
    w.fails("counted already", Poll.call().count(organiser, [bob, issuer, bob, 0, 0, 0, 0, 0]));
    expect(Poll.call().count(organiser, [bob, 0, 0, 0, 0, 0, 0, issuer]), 40);
    w.fails("counted already", Poll.call().count(organiser, [issuer, 0, 0, 0, 0, 0, 0, 0]));
    expect(Poll.of(organiser).seen.has(hashOf(organiser, bob)), true);
    expect(Poll.of(organiser).seen.get(hashOf(organiser, organiser)), false);
    expect(Poll.of(organiser).tally.get(organiser).yes, 40);
    expect(Poll.of(organiser).tally.get(organiser).no, 60);
  }
}
