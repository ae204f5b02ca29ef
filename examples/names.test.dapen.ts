import { Token } from "./token.dapen";
import { Names } from "./names.dapen";

export class NamesTests extends Tests {
  @test
  a_name_goes_to_who_is_shown_to_have_asked_first(w: World): void {
    const ann = w.user("ann", 1);
    const bob = w.user("bob", 2);
    const registrar = w.user("registrar", 3);
    const name = hashOf(77);
    w.as(registrar);
    Token.call().mint(100);
    Token.call().send(ann, 10);
    Token.call().send(bob, 10);
    w.checkpoint();
    w.as(ann);
    Token.call().claim(registrar);
    Names.call().ask(name);
    expect(Token.of(ann).balance, 0);
    w.checkpoint();
    w.as(bob);
    Token.call().claim(registrar);
    Names.call().ask(name);
    w.fails("only the registrar grants", Names.call().grant(bob, ann, 1));
    w.checkpoint();
    w.checkpoint();
    w.as(registrar);
    w.fails("the rival had asked by then too", Names.call().grant(ann, bob, 3));
    w.fails("there was no request at that checkpoint", Names.call().grant(bob, ann, 2));
    Names.call().grant(ann, bob, 2);
    w.fails("the name is taken", Names.call().grant(bob, NOBODY, 3));
    expect(Names.of(registrar).owner.get(name), ann);
    expect(Names.of(registrar).owner.has(hashOf(78)), false);
    w.checkpoint();
    w.as(bob);
    w.fails("the name is taken", Names.call().ask(name));
    expect(Names.call().resolve(name), ann);
    expect(Names.call().resolve(hashOf(78)), NOBODY);
  }
}
