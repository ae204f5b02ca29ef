/** A poll weighted by Token balances. One class, three parts: organiser, voter, counter; each writes only its own copy. */
import { Token } from "./token.dapen";

export class Opened extends Event { topic: hash = NONE; closes: CheckpointId = 0; }
export class Voted extends Event { organiser: UserId = NOBODY; yes: bool = false; }

export class Tally { yes: u64 = 0; no: u64 = 0; }

@contract({ id: 3 })
export class Poll extends Contract {
  // The organiser's copy.
  topic = once<hash>();
  /** The checkpoint whose balances weigh the votes. */
  opened = once<CheckpointId>();
  closes = once<CheckpointId>();
  // A voter's copy: 1 is yes, 2 is no. Never changed once it is set, since it only grows from 0.
  choice = growMap<UserId, u8>();
  // A counter's copy. Anybody may count.
  tally = map<UserId, Tally>();
  /** Which voters are counted, by the hash of organiser and voter. */
  seen = map<hash, bool>();

  @call
  open(topic: hash, closes: CheckpointId): void {
    require(!this.opened.isSet(), "you already opened a poll");
    this.topic.set(topic);
    this.opened.set(ctx.checkpoint);
    this.closes.set(closes);
    emit(Opened, { topic, closes });
  }

  @call
  vote(organiser: UserId, yes: bool): void {
    require(Poll.of(organiser).opened.isSet(), "there is no such poll");
    require(this.choice.get(organiser) === 0, "you already voted");
    this.choice.add(organiser, yes ? 1 : 2);
    emit(Voted, { organiser, yes });
  }

  /**
   * Counts votes as they stood when the poll closed: a late one is not there. Voters come in any order, over any number
   * of calls, each once; NOBODY fills up.
   */
  @call
  count(organiser: UserId, voters: Arr<UserId, 8>): u64 {
    const poll = Poll.of(organiser);
    const closes = poll.closes.get();
    const opened = poll.opened.get();
    require(poll.opened.isSet(), "there is no such poll");
    require(ctx.checkpoint > closes, "the poll is still open");
    const tally = this.tally.get(organiser);
    for (const voter of voters) {
      if (voter !== NOBODY) {
        const key = hashOf(organiser, voter);
        require(!this.seen.get(key), "this voter is counted already");
        this.seen.set(key, true);
        const choice = Poll.at(voter, closes).choice.get(organiser);
        const weight = Token.at(voter, opened).balance;
        if (choice === 1) {
          tally.yes += weight;
        } else if (choice === 2) {
          tally.no += weight;
        }
      }
    }
    this.tally.set(organiser, tally);
    return tally.yes;
  }

  @view
  result(organiser: UserId): Tally {
    return this.tally.get(organiser);
  }
}
