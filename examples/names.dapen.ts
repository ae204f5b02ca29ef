/** No shared map exists to race for. Users ask in their own state; one registrar grants in an order that is proven. */
import { Token } from "./token.dapen";

export class Asked extends Event { name: hash = NONE; }
export class Granted extends Event { name: hash = NONE; owner: UserId = NOBODY; number: u32 = 0; }

export class Grant { name: hash = NONE; owner: UserId = NOBODY; }

@contract({ id: 4 })
export class Names extends Contract {
  static readonly REGISTRAR: UserId = 3;
  static readonly FEE: u64 = 10;

  /** An applicant's copy: asked once, and never changed. */
  wanted = once<hash>();
  /** The registrar's copy: the one ordered list. The first entry of a name is its owner. */
  grants = list<Grant>(1048576);

  /** Asks for a name and owes its fee: the session cannot end before the registrar is paid. */
  @call
  ask(name: hash): void {
    require(!eq(name, NONE), "a name is not empty");
    this.wanted.set(name);
    Token.defer().send(Names.REGISTRAR, Names.FEE);
    emit(Asked, { name });
  }

  /** `seen` proves the order: `to` had asked by then, `rival` had not. */
  @call
  grant(to: UserId, rival: UserId, seen: CheckpointId): u32 {
    require(ctx.user === Names.REGISTRAR, "only the registrar grants");
    const name = Names.at(to, seen).wanted.get();
    require(!eq(name, NONE), "there was no request at that checkpoint");
    if (rival !== NOBODY) {
      require(!eq(Names.at(rival, seen).wanted.get(), name), "the rival had asked by then too");
    }
    const number = this.grants.len();
    this.grants.push({ name, owner: to });
    emit(Granted, { name, owner: to, number });
    return number;
  }

  /** Is this entry of the registrar's list about this name? */
  @view
  owner(name: hash, number: u32): UserId {
    const grant = Names.of(Names.REGISTRAR).grants.at(number);
    require(eq(grant.name, name), "the entry is about another name");
    return grant.owner;
  }
}
