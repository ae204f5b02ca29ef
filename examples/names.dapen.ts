/** No shared map exists to race for. Users ask in their own state; one registrar grants in an order that is proven. */
import { Token } from "./token.dapen";

export class Asked extends Event { name: hash = NONE; }
export class Granted extends Event { name: hash = NONE; owner: UserId = NOBODY; }

@contract({ id: 4 })
export class Names extends Contract {
  static readonly REGISTRAR: UserId = 3;
  static readonly FEE: u64 = 10;

  /** An applicant's copy: the name that is wanted. */
  wanted: hash = NONE;
  /** The registrar's copy: the owner of each name that is taken. The registrar never changes one. */
  owner = map<hash, UserId>();

  /** Asks for a name and owes its fee: the session cannot end before the registrar is paid. */
  @call
  ask(name: hash): void {
    require(!eq(name, NONE), "a name is not empty");
    require(!Names.of(Names.REGISTRAR).owner.has(name), "the name is taken");
    this.wanted = name;
    Token.defer().send(Names.REGISTRAR, Names.FEE);
    emit(Asked, { name });
  }

  /** `seen` proves the order: `to` had asked by then, `rival` had not. */
  @call
  grant(to: UserId, rival: UserId, seen: CheckpointId): void {
    require(ctx.user === Names.REGISTRAR, "only the registrar grants");
    const name = Names.at(to, seen).wanted;
    require(!eq(name, NONE), "there was no request at that checkpoint");
    require(!this.owner.has(name), "the name is taken");
    if (rival !== NOBODY) {
      require(!eq(Names.at(rival, seen).wanted, name), "the rival had asked by then too");
    }
    this.owner.set(name, to);
    emit(Granted, { name, owner: to });
  }

  /** Whose name it is; NOBODY's when nobody has it. */
  @view
  resolve(name: hash): UserId {
    return Names.of(Names.REGISTRAR).owner.get(name);
  }
}
