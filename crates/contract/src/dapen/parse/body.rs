//! Statements and expressions.

use oxc_ast::ast;
use oxc_span::GetSpan;

use super::{Read, Reader};
use crate::dapen::ast::{BinaryOp, Expr, ExprKind, Stmt, StmtKind};
use crate::dapen::codes::Code;

const FIXED_LOOP: &str = "use `for (let i = 0; i < 8; i++)` with a constant bound, or `for (const x of list)`";

impl Reader<'_> {
    pub(super) fn statements(&mut self, list: &[ast::Statement<'_>]) -> Vec<Stmt> {
        let mut statements = Vec::new();
        for statement in list {
            self.statement(statement, &mut statements);
        }
        statements
    }

    fn nested(&mut self, statement: &ast::Statement<'_>) -> Vec<Stmt> {
        match statement {
            ast::Statement::BlockStatement(block) => self.statements(&block.body),
            one => self.statements(std::slice::from_ref(one)),
        }
    }

    fn statement(&mut self, statement: &ast::Statement<'_>, out: &mut Vec<Stmt>) {
        if self.node(statement.span()).is_none() {
            return;
        }
        let span = self.span(statement.span());
        match statement {
            ast::Statement::EmptyStatement(_) => {}
            ast::Statement::VariableDeclaration(declaration) => self.variables(declaration, out),
            ast::Statement::BlockStatement(block) => {
                let body = self.statements(&block.body);
                out.push(Stmt { kind: StmtKind::Block(body), span });
            }
            ast::Statement::ExpressionStatement(statement) => {
                if let Some(expression) = self.expr(&statement.expression) {
                    out.push(Stmt { kind: StmtKind::Expr(expression), span });
                }
            }
            ast::Statement::IfStatement(statement) => {
                let test = self.expr(&statement.test);
                let then = self.nested(&statement.consequent);
                let otherwise = statement.alternate.as_ref().map_or_else(Vec::new, |other| self.nested(other));
                if let Some(test) = test {
                    out.push(Stmt { kind: StmtKind::If { test, then, otherwise }, span });
                }
            }
            ast::Statement::ForStatement(statement) => {
                if let Some(kind) = self.counting(statement) {
                    out.push(Stmt { kind, span });
                }
            }
            ast::Statement::ForOfStatement(statement) => {
                if let Some(kind) = self.listing(statement) {
                    out.push(Stmt { kind, span });
                }
            }
            ast::Statement::ReturnStatement(statement) => {
                let value = match &statement.argument {
                    Some(value) => match self.expr(value) {
                        Some(value) => Some(value),
                        None => return,
                    },
                    None => None,
                };
                out.push(Stmt { kind: StmtKind::Return(value), span });
            }
            ast::Statement::WhileStatement(_) | ast::Statement::DoWhileStatement(_) => {
                let message = "a loop without a fixed length cannot be proven";
                let _: Read<()> = self.refuse_with(Code::E0210, statement.span(), message, FIXED_LOOP);
            }
            ast::Statement::ForInStatement(_) => {
                let _: Read<()> =
                    self.refuse_with(Code::E0210, statement.span(), "`for … in` is not in the language", FIXED_LOOP);
            }
            other => {
                let help = "a method body has const, let, assignments, calls, if, for and return";
                let _: Read<()> =
                    self.refuse_with(Code::E0201, other.span(), "this statement is not in the language", help);
            }
        }
    }

    fn variables(&mut self, declaration: &ast::VariableDeclaration<'_>, out: &mut Vec<Stmt>) {
        let mutable = match declaration.kind {
            ast::VariableDeclarationKind::Let => true,
            ast::VariableDeclarationKind::Const => false,
            _ => {
                let help = "use `const`, or `let` when it changes";
                let _: Read<()> = self.refuse_with(Code::E0201, declaration.span, "`var` is not in the language", help);
                return;
            }
        };
        for one in &declaration.declarations {
            let ast::BindingPattern::BindingIdentifier(id) = &one.id else {
                self.refuse(Code::E0201, one.span, "a variable is one name: patterns are not in the language");
                continue;
            };
            let Some(init) = &one.init else {
                let message = "a variable needs a first value";
                let _: Read<()> = self.refuse_with(Code::E0201, one.span, message, "write `let x: u64 = 0;`");
                continue;
            };
            let annotation = match &one.type_annotation {
                Some(annotation) => match self.type_expr(&annotation.type_annotation) {
                    Some(kind) => Some(kind),
                    None => continue,
                },
                None => None,
            };
            let name = self.name(&id.name, id.span);
            if let Some(init) = self.expr(init) {
                out.push(Stmt { kind: StmtKind::Let { mutable, name, annotation, init }, span: self.span(one.span) });
            }
        }
    }

    fn counting(&mut self, statement: &ast::ForStatement<'_>) -> Read<StmtKind> {
        let (Some(ast::ForStatementInit::VariableDeclaration(init)), Some(test), Some(update)) =
            (&statement.init, &statement.test, &statement.update)
        else {
            let message = "a loop without a fixed length cannot be proven";
            return self.refuse_with(Code::E0210, statement.span, message, FIXED_LOOP);
        };
        let mut variables = Vec::new();
        self.variables(init, &mut variables);
        let test = self.expr(test);
        let update = self.expr(update);
        let body = self.nested(&statement.body);
        let (test, update) = (test?, update?);
        let mut variables = variables.into_iter();
        match (variables.next(), variables.next()) {
            (Some(Stmt { kind: StmtKind::Let { mutable: true, name, annotation, init }, .. }), None) => {
                Some(StmtKind::For { variable: name, annotation, from: init, test, update, body })
            }
            _ => self.refuse_with(Code::E0208, init.span, "a loop counts one `let` variable", FIXED_LOOP),
        }
    }

    fn listing(&mut self, statement: &ast::ForOfStatement<'_>) -> Read<StmtKind> {
        let list = self.expr(&statement.right);
        let body = self.nested(&statement.body);
        let variable = match &statement.left {
            ast::ForStatementLeft::VariableDeclaration(declaration) if !statement.r#await => {
                match declaration.declarations.first().map(|one| &one.id) {
                    Some(ast::BindingPattern::BindingIdentifier(id))
                        if declaration.kind == ast::VariableDeclarationKind::Const =>
                    {
                        Some(self.name(&id.name, id.span))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let Some(variable) = variable else {
            let message = "a loop over a list has one `const` name";
            return self.refuse_with(Code::E0208, statement.left.span(), message, "write `for (const x of list)`");
        };
        Some(StmtKind::ForOf { variable, list: list?, body })
    }

    pub(super) fn expr(&mut self, expression: &ast::Expression<'_>) -> Read<Expr> {
        self.node(expression.span())?;
        let span = expression.span();
        let kind = match expression {
            ast::Expression::BooleanLiteral(literal) => ExprKind::Bool(literal.value),
            ast::Expression::NumericLiteral(literal) => ExprKind::Number(self.number(literal)?),
            ast::Expression::StringLiteral(literal) => ExprKind::Text(literal.value.to_string()),
            ast::Expression::Identifier(name) => ExprKind::Name(name.name.to_string()),
            ast::Expression::ThisExpression(_) => ExprKind::This,
            ast::Expression::ParenthesizedExpression(inner) => return self.expr(&inner.expression),
            ast::Expression::StaticMemberExpression(member) => self.member(member)?,
            ast::Expression::ComputedMemberExpression(member) => self.index(member)?,
            ast::Expression::CallExpression(call) => {
                if call.optional {
                    return self.refuse_with(
                        Code::E0204,
                        span,
                        "`?.` is not in the language",
                        "nothing is ever undefined",
                    );
                }
                let callee = self.expr(&call.callee);
                let mut arguments = Vec::new();
                for argument in &call.arguments {
                    match argument.as_expression() {
                        Some(argument) => arguments.extend(self.expr(argument)),
                        None => self.refuse(Code::E0202, argument.span(), "`…` is not in the language"),
                    }
                }
                let mut types = Vec::new();
                for kind in call.type_arguments.iter().flat_map(|types| &types.params) {
                    types.extend(self.type_expr(kind));
                }
                let whole = arguments.len() == call.arguments.len();
                let callee = callee.filter(|_| whole)?;
                ExprKind::Call { callee: Box::new(callee), types, arguments }
            }
            ast::Expression::UnaryExpression(unary) => {
                if unary.operator != ast::UnaryOperator::LogicalNot {
                    let message = format!("`{}` is not in the language", unary.operator.as_str());
                    let help = "numbers are never negative: write `a - b`, which fails below zero";
                    return self.refuse_with(Code::E0204, span, message, help);
                }
                ExprKind::Not(Box::new(self.expr(&unary.argument)?))
            }
            ast::Expression::BinaryExpression(binary) => {
                let (left, right) = (self.expr(&binary.left), self.expr(&binary.right));
                let op = self.binary(binary.operator, span)?;
                ExprKind::Binary(op, Box::new(left?), Box::new(right?))
            }
            ast::Expression::LogicalExpression(logical) => {
                let (left, right) = (self.expr(&logical.left), self.expr(&logical.right));
                let op = match logical.operator {
                    ast::LogicalOperator::And => BinaryOp::And,
                    ast::LogicalOperator::Or => BinaryOp::Or,
                    ast::LogicalOperator::Coalesce => {
                        return self.refuse_with(
                            Code::E0204,
                            span,
                            "`??` is not in the language",
                            "nothing is ever undefined",
                        );
                    }
                };
                ExprKind::Binary(op, Box::new(left?), Box::new(right?))
            }
            ast::Expression::ConditionalExpression(choice) => {
                let test = self.expr(&choice.test);
                let (then, otherwise) = (self.expr(&choice.consequent), self.expr(&choice.alternate));
                ExprKind::Conditional(Box::new(test?), Box::new(then?), Box::new(otherwise?))
            }
            ast::Expression::AssignmentExpression(assignment) => {
                let target = self.target(&assignment.left);
                let value = self.expr(&assignment.right);
                let op = self.assignment(assignment.operator, span)?;
                ExprKind::Assign(op, Box::new(target?), Box::new(value?))
            }
            ast::Expression::UpdateExpression(update) => {
                let target = self.simple_target(&update.argument)?;
                let op = match update.operator {
                    ast::UpdateOperator::Increment => BinaryOp::Add,
                    ast::UpdateOperator::Decrement => BinaryOp::Sub,
                };
                let one = self.make(ExprKind::Number(1), span);
                ExprKind::Assign(Some(op), Box::new(target), Box::new(one))
            }
            ast::Expression::ObjectExpression(object) => {
                let mut fields = Vec::new();
                for property in &object.properties {
                    match property {
                        ast::ObjectPropertyKind::ObjectProperty(property)
                            if property.kind == ast::PropertyKind::Init && !property.method =>
                        {
                            let name = self.key(&property.key, property.computed)?;
                            fields.push((name, self.expr(&property.value)?));
                        }
                        other => {
                            let message = "an object lists names and values only";
                            return self.refuse_with(Code::E0202, other.span(), message, "write `{ to, amount: 5 }`");
                        }
                    }
                }
                ExprKind::Object(fields)
            }
            ast::Expression::ArrayExpression(list) => {
                let mut elements = Vec::new();
                for element in &list.elements {
                    match element.as_expression() {
                        Some(element) => elements.push(self.expr(element)?),
                        None => {
                            let message = "a list has a value at each place";
                            return self.refuse_with(Code::E0202, element.span(), message, "write `[1, 2, 3]`");
                        }
                    }
                }
                ExprKind::List(elements)
            }
            ast::Expression::BigIntLiteral(_) => {
                return self.refuse_with(
                    Code::E0207,
                    span,
                    "big integers are not in the language",
                    "leave out the `n`",
                );
            }
            ast::Expression::NullLiteral(_) => {
                let help = "`NOBODY` is no user and `NONE` no hash; state that was never written is zero";
                return self.refuse_with(Code::E0202, span, "`null` is not in the language", help);
            }
            ast::Expression::NewExpression(_) => {
                let help = "write a struct as `{ yes: 0, no: 0 }` where its type is known";
                return self.refuse_with(Code::E0202, span, "`new` is not in the language", help);
            }
            ast::Expression::ArrowFunctionExpression(_) | ast::Expression::FunctionExpression(_) => {
                let help = "write a method without a decorator: it is private and is inlined";
                return self.refuse_with(Code::E0202, span, "functions are no values", help);
            }
            ast::Expression::TSAsExpression(_)
            | ast::Expression::TSTypeAssertion(_)
            | ast::Expression::TSSatisfiesExpression(_)
            | ast::Expression::TSNonNullExpression(_) => {
                let help = "convert with `u8(x)`, `u32(x)`, `u64(x)` or `felt(x)`, which check the range";
                return self.refuse_with(Code::E0202, span, "types cannot be asserted", help);
            }
            _ => {
                let help = "see `parth contract explain E0202` for what there is";
                return self.refuse_with(Code::E0202, span, "this expression is not in the language", help);
            }
        };
        Some(self.make(kind, span))
    }

    fn member(&mut self, member: &ast::StaticMemberExpression<'_>) -> Read<ExprKind> {
        if member.optional {
            return self.refuse_with(
                Code::E0204,
                member.span,
                "`?.` is not in the language",
                "nothing is ever undefined",
            );
        }
        let object = self.expr(&member.object)?;
        Some(ExprKind::Member(Box::new(object), self.name(&member.property.name, member.property.span)))
    }

    fn index(&mut self, member: &ast::ComputedMemberExpression<'_>) -> Read<ExprKind> {
        if member.optional {
            return self.refuse_with(
                Code::E0204,
                member.span,
                "`?.` is not in the language",
                "nothing is ever undefined",
            );
        }
        let (object, index) = (self.expr(&member.object), self.expr(&member.expression));
        Some(ExprKind::Index(Box::new(object?), Box::new(index?)))
    }

    fn target(&mut self, target: &ast::AssignmentTarget<'_>) -> Read<Expr> {
        match target.as_simple_assignment_target() {
            Some(target) => self.simple_target(target),
            None => {
                let message = "one thing is assigned at a time";
                self.refuse_with(Code::E0202, target.span(), message, "write one assignment a line")
            }
        }
    }

    fn simple_target(&mut self, target: &ast::SimpleAssignmentTarget<'_>) -> Read<Expr> {
        self.node(target.span())?;
        let span = target.span();
        let kind = match target {
            ast::SimpleAssignmentTarget::AssignmentTargetIdentifier(name) => ExprKind::Name(name.name.to_string()),
            ast::SimpleAssignmentTarget::StaticMemberExpression(member) => self.member(member)?,
            ast::SimpleAssignmentTarget::ComputedMemberExpression(member) => self.index(member)?,
            _ => {
                let help = "assign to a variable, a field of `this`, or a part of one";
                return self.refuse_with(Code::E0308, span, "this cannot be assigned to", help);
            }
        };
        Some(self.make(kind, span))
    }

    fn binary(&mut self, operator: ast::BinaryOperator, span: oxc_span::Span) -> Read<BinaryOp> {
        Some(match operator {
            ast::BinaryOperator::Addition => BinaryOp::Add,
            ast::BinaryOperator::Subtraction => BinaryOp::Sub,
            ast::BinaryOperator::Multiplication => BinaryOp::Mul,
            ast::BinaryOperator::Remainder => BinaryOp::Rem,
            ast::BinaryOperator::StrictEquality => BinaryOp::Equal,
            ast::BinaryOperator::StrictInequality => BinaryOp::Differ,
            ast::BinaryOperator::LessThan => BinaryOp::Less,
            ast::BinaryOperator::LessEqualThan => BinaryOp::LessEqual,
            ast::BinaryOperator::GreaterThan => BinaryOp::Greater,
            ast::BinaryOperator::GreaterEqualThan => BinaryOp::GreaterEqual,
            ast::BinaryOperator::BitwiseAnd => BinaryOp::BitAnd,
            ast::BinaryOperator::BitwiseOR => BinaryOp::BitOr,
            ast::BinaryOperator::BitwiseXOR => BinaryOp::BitXor,
            ast::BinaryOperator::ShiftLeft => BinaryOp::ShiftLeft,
            ast::BinaryOperator::ShiftRight => BinaryOp::ShiftRight,
            other => {
                let help = match other {
                    ast::BinaryOperator::Equality => "use `===`",
                    ast::BinaryOperator::Inequality => "use `!==`",
                    ast::BinaryOperator::Division => "use `div(a, b)`",
                    _ => "there are + - * % === !== < <= > >= && || ! and, on u8 and u32, & | ^ << >>",
                };
                let message = format!("`{}` is not in the language", other.as_str());
                return self.refuse_with(Code::E0204, span, message, help);
            }
        })
    }

    fn assignment(&mut self, operator: ast::AssignmentOperator, span: oxc_span::Span) -> Read<Option<BinaryOp>> {
        Some(match operator {
            ast::AssignmentOperator::Assign => None,
            ast::AssignmentOperator::Addition => Some(BinaryOp::Add),
            ast::AssignmentOperator::Subtraction => Some(BinaryOp::Sub),
            ast::AssignmentOperator::Multiplication => Some(BinaryOp::Mul),
            ast::AssignmentOperator::Remainder => Some(BinaryOp::Rem),
            ast::AssignmentOperator::BitwiseAnd => Some(BinaryOp::BitAnd),
            ast::AssignmentOperator::BitwiseOR => Some(BinaryOp::BitOr),
            ast::AssignmentOperator::BitwiseXOR => Some(BinaryOp::BitXor),
            ast::AssignmentOperator::ShiftLeft => Some(BinaryOp::ShiftLeft),
            ast::AssignmentOperator::ShiftRight => Some(BinaryOp::ShiftRight),
            other => {
                let message = format!("`{}` is not in the language", other.as_str());
                let help = match other {
                    ast::AssignmentOperator::Division => "write `a = div(a, b)`",
                    _ => "there are = += -= *= %= and, on u8 and u32, &= |= ^= <<= >>=",
                };
                return self.refuse_with(Code::E0204, span, message, help);
            }
        })
    }
}
