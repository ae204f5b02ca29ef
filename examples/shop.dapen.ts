/** Sells tickets for the Token. Pays inline, so that it knows at once what is left, and never empties a purse. */
import { Token } from "./token.dapen";

export class Bought extends Event { count: u64 = 0; left: u64 = 0; }

@contract({ id: 6 })
export class Shop extends Contract {
  static readonly KEEPER: UserId = 3;
  static readonly PRICE: u64 = 5;

  /** All tickets that this user has ever bought. */
  tickets = grows<u64>();

  /** Buys tickets and leaves at least `keep` in the purse; gives what is left. */
  @call
  buy(count: u64, keep: u64): u64 {
    require(count > 0 && count < 1000, "one to 999 tickets");
    const price = count * Shop.PRICE;
    require(Token.mine().balance >= price + keep, "that would leave too little");
    const left = Token.call().send(Shop.KEEPER, price);
    this.tickets.add(count);
    emit(Bought, { count, left });
    return left;
  }

  /** Takes in what a friend has sent, and buys for all of it that one wants to spend. */
  @call
  spend(friend: UserId, most: u64): u64 {
    const got = Token.call().claim(friend);
    let count: u64 = 0;
    for (let i = 0; i < 4; i++) {
      if (count < most && (count + 1) * Shop.PRICE <= got) { count += 1; }
    }
    if (count > 0) {
      Token.call().send(Shop.KEEPER, count * Shop.PRICE);
      this.tickets.add(count);
    }
    return count;
  }
}
