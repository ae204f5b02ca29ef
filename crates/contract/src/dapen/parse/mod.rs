//! Text to syntax tree. The only module that names the parser, `oxc`: everything is turned into our own tree at once,
//! so that another parser is a change here and nowhere else.
//!
//! | file | turns |
//! | --- | --- |
//! | this one | files, imports, classes, types |
//! | [`body`] | statements and expressions |

mod body;

use oxc_allocator::Allocator;
use oxc_ast::ast;
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType};

use super::ast::{Class, Decorator, Expr, ExprKind, Field, File, Import, Method, Name, TypeExpr, TypeKind};
use super::codes::Code;
use super::diagnostic::{Diagnostic, Findings};
use super::scan;
use super::source::{FileId, Span};

/// Most fields and methods of one class.
const MAX_MEMBERS: usize = 1_024;
/// Most nodes of one syntax tree.
const MAX_NODES: usize = 100_000;

/// Parses one file. What is found goes to `findings`; the tree has all that could be read.
pub(crate) fn parse(id: FileId, text: &str, findings: &mut Findings) -> Option<File> {
    if let Err(found) = scan::scan(id, text) {
        findings.push(found);
        return None;
    }
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::ts()).parse();
    let mut reader = Reader { id, findings, nodes: 0, whole: true };
    for error in parsed.diagnostics.iter() {
        let label = error.labels.first();
        let (start, length) = label.map_or((0, 0), |label| (label.offset(), label.len()));
        let end = (start as usize + length as usize).min(text.len()) as u32;
        let mut found = Diagnostic::new(Code::E0101, Span::new(id, start, end), error.message.to_string());
        found.help = error.help.as_ref().map(ToString::to_string);
        reader.findings.push(found);
    }
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return None;
    }
    let mut file = File { id, imports: Vec::new(), classes: Vec::new() };
    for directive in &parsed.program.directives {
        reader.refuse(Code::E0109, directive.span, "a text at the top of a file means nothing");
    }
    for statement in &parsed.program.body {
        reader.top(statement, &mut file);
    }
    reader.whole.then_some(file)
}

struct Reader<'f> {
    id: FileId,
    findings: &'f mut Findings,
    nodes: usize,
    /// Was all of it read?
    whole: bool,
}

type Read<T> = Option<T>;

impl Reader<'_> {
    fn span(&self, span: oxc_span::Span) -> Span {
        Span::new(self.id, span.start, span.end)
    }

    fn refuse(&mut self, code: Code, span: oxc_span::Span, message: impl Into<String>) {
        let span = self.span(span);
        self.findings.push(Diagnostic::new(code, span, message));
    }

    fn refuse_with<T>(
        &mut self,
        code: Code,
        span: oxc_span::Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Read<T> {
        let span = self.span(span);
        self.findings.push(Diagnostic::new(code, span, message).help(help));
        None
    }

    /// Counts a node; nothing when there are too many.
    fn node(&mut self, span: oxc_span::Span) -> Read<()> {
        self.nodes += 1;
        if self.nodes == MAX_NODES {
            self.refuse(Code::E0108, span, format!("the file has more than {MAX_NODES} expressions and statements"));
        }
        self.whole &= self.nodes < MAX_NODES;
        (self.nodes < MAX_NODES).then_some(())
    }

    fn name(&self, text: &str, span: oxc_span::Span) -> Name {
        Name { text: text.to_owned(), span: self.span(span) }
    }

    fn top(&mut self, statement: &ast::Statement<'_>, file: &mut File) {
        match statement {
            ast::Statement::ImportDeclaration(import) => {
                let import = self.import(import);
                file.imports.extend(import);
            }
            ast::Statement::ExportDeclaration(export) => match &export.declaration {
                ast::Declaration::ClassDeclaration(class) => {
                    let class = self.class(class);
                    file.classes.extend(class);
                }
                other => self.refuse_top(other.span()),
            },
            ast::Statement::ClassDeclaration(class) => {
                let class = self.class(class);
                file.classes.extend(class);
            }
            ast::Statement::EmptyStatement(_) => {}
            other => self.refuse_top(other.span()),
        }
    }

    fn refuse_top(&mut self, span: oxc_span::Span) {
        let help = "constants belong into a contract: `static readonly LIMIT: u64 = 5;`";
        let message = "only imports, classes and tests may stand here";
        let _: Read<()> = self.refuse_with(Code::E0109, span, message, help);
    }

    fn import(&mut self, import: &ast::ImportDeclaration<'_>) -> Read<Import> {
        let path = self.name(&import.source.value, import.source.span);
        if import.phase.is_some() || import.with_clause.is_some() {
            let help = "write `import { Name } from \"./file.dapen\";`";
            return self.refuse_with(Code::E0106, import.span, "an import of this form is not possible", help);
        }
        let mut names = Vec::new();
        for specifier in import.specifiers.iter().flatten() {
            match specifier {
                ast::ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    let imported = match &one.imported {
                        ast::ModuleExportName::IdentifierName(name) => self.name(&name.name, name.span),
                        ast::ModuleExportName::IdentifierReference(name) => self.name(&name.name, name.span),
                        ast::ModuleExportName::StringLiteral(text) => {
                            return self.refuse_with(
                                Code::E0106,
                                text.span,
                                "a quoted name cannot be imported",
                                "use the plain name",
                            );
                        }
                    };
                    names.push((imported, self.name(&one.local.name, one.local.span)));
                }
                other => {
                    let help = "name what you need: `import { Token } from \"./token.dapen\";`";
                    return self.refuse_with(Code::E0106, other.span(), "only named imports are possible", help);
                }
            }
        }
        if names.is_empty() {
            let help = "name what you need, or remove the line";
            return self.refuse_with(Code::E0106, import.span, "this import names nothing", help);
        }
        Some(Import { names, path })
    }

    fn class(&mut self, class: &ast::Class<'_>) -> Read<Class> {
        let Some(id) = &class.id else {
            return self.refuse_with(Code::E0205, class.span, "a class needs a name", "write `class Name`");
        };
        let name = self.name(&id.name, id.span);
        if let Some(parameters) = &class.type_parameters {
            self.refuse(Code::E0203, parameters.span, "classes have no type parameters");
        }
        if class.declare || class.r#abstract || !class.implements.is_empty() {
            self.refuse(Code::E0205, class.span, "a class is neither declared, abstract nor an implementation");
        }
        let mut base = None;
        if let Some(heritage) = &class.heritage {
            if let Some(arguments) = &heritage.type_arguments {
                self.refuse(Code::E0203, arguments.span, "base classes have no type arguments");
            }
            match &heritage.expression {
                ast::Expression::Identifier(name) => base = Some(self.name(&name.name, name.span)),
                other => self.refuse(Code::E0205, other.span(), "a class extends Contract, Event or Struct"),
            }
        }
        let decorators = self.decorators(&class.decorators);
        let (mut fields, mut methods) = (Vec::new(), Vec::new());
        for (at, element) in class.body.body.iter().enumerate() {
            if at == MAX_MEMBERS {
                let message = format!("a class has at most {MAX_MEMBERS} fields and methods");
                self.refuse(Code::E0108, element.span(), message);
                self.whole = false;
                break;
            }
            match element {
                ast::ClassElement::PropertyDefinition(field) => {
                    let field = self.field(field);
                    fields.extend(field);
                }
                ast::ClassElement::MethodDefinition(method) => {
                    let method = self.method(method);
                    methods.extend(method);
                }
                other => self.refuse(Code::E0205, other.span(), "a class has fields and methods only"),
            }
        }
        Some(Class { name, decorators, base, fields, methods })
    }

    fn key(&mut self, key: &ast::PropertyKey<'_>, computed: bool) -> Read<Name> {
        match key {
            ast::PropertyKey::StaticIdentifier(name) if !computed => Some(self.name(&name.name, name.span)),
            other => self.refuse_with(Code::E0205, other.span(), "names are plain words here", "use a plain name"),
        }
    }

    fn field(&mut self, field: &ast::PropertyDefinition<'_>) -> Read<Field> {
        let name = self.key(&field.key, field.computed)?;
        for decorator in &field.decorators {
            self.refuse(Code::E0206, decorator.span, "fields have no decorators");
        }
        let strange = field.declare || field.optional || field.definite || field.r#override;
        if strange || field.r#type == ast::PropertyDefinitionType::TSAbstractPropertyDefinition {
            self.refuse(Code::E0205, field.span, "a field has a name, a type and a first value, nothing else");
        }
        if field.r#static != field.readonly {
            let help = "constants are `static readonly`, state is neither";
            let _: Read<()> = self.refuse_with(Code::E0205, field.span, "a field is state or a constant", help);
        }
        let annotation = match &field.type_annotation {
            Some(annotation) => Some(self.type_expr(&annotation.type_annotation)?),
            None => None,
        };
        let init = match &field.value {
            Some(value) => Some(self.expr(value)?),
            None => None,
        };
        Some(Field { name, fixed: field.r#static, annotation, init, span: self.span(field.span) })
    }

    fn method(&mut self, method: &ast::MethodDefinition<'_>) -> Read<Method> {
        let name = self.key(&method.key, method.computed)?;
        if method.kind != ast::MethodDefinitionKind::Method {
            let help = "the first values of fields stand in their declarations; a getter is a `@view` method";
            let message = "constructors, getters and setters are not in the language";
            return self.refuse_with(Code::E0205, method.span, message, help);
        }
        if method.r#static || method.r#override || method.optional {
            let help = "write `name(a: u64): u64 { … }`";
            return self.refuse_with(Code::E0205, method.span, "methods are plain", help);
        }
        let decorators = self.decorators(&method.decorators);
        self.function(name, decorators, &method.value)
    }

    fn function(&mut self, name: Name, decorators: Vec<Decorator>, function: &ast::Function<'_>) -> Read<Method> {
        if function.generator || function.r#async {
            let help = "a call is one proof: everything happens at once";
            return self.refuse_with(
                Code::E0205,
                function.span,
                "generators and async methods are not in the language",
                help,
            );
        }
        if let Some(types) = &function.type_parameters {
            self.refuse(Code::E0203, types.span, "methods have no type parameters");
        }
        if let Some(this) = &function.this_param {
            self.refuse(Code::E0209, this.span, "`this` is not declared");
        }
        let Some(body) = &function.body else {
            let help = "one name is one method; there are no overloads";
            return self.refuse_with(Code::E0205, function.span, "a method needs a body", help);
        };
        if let Some(rest) = &function.params.rest {
            let help = "take an `Arr<T, N>` of a fixed length";
            let _: Read<()> = self.refuse_with(Code::E0209, rest.span, "rest parameters are not in the language", help);
        }
        let mut parameters = Vec::new();
        for parameter in &function.params.items {
            let strange = parameter.optional || parameter.initializer.is_some() || parameter.accessibility.is_some();
            if strange || parameter.readonly || !parameter.decorators.is_empty() {
                self.refuse(Code::E0209, parameter.span, "a parameter is a name and a type: no default, not optional");
                continue;
            }
            let ast::BindingPattern::BindingIdentifier(id) = &parameter.pattern else {
                self.refuse(Code::E0209, parameter.span, "a parameter is one name");
                continue;
            };
            let Some(annotation) = &parameter.type_annotation else {
                self.refuse(Code::E0209, parameter.span, "a parameter needs a type");
                continue;
            };
            if let Some(kind) = self.type_expr(&annotation.type_annotation) {
                parameters.push((self.name(&id.name, id.span), kind));
            }
        }
        let result = match &function.return_type {
            Some(annotation) => Some(self.type_expr(&annotation.type_annotation)?),
            None => None,
        };
        for directive in &body.directives {
            self.refuse(Code::E0211, directive.span, "a text is no statement");
        }
        let head = Span { end: body.span.start, ..name.span };
        let body = self.statements(&body.statements);
        Some(Method { name, decorators, parameters, result, body, head })
    }

    fn decorators(&mut self, list: &[ast::Decorator<'_>]) -> Vec<Decorator> {
        let mut decorators = Vec::new();
        for decorator in list {
            let Some(expression) = self.expr(&decorator.expression) else {
                continue;
            };
            let found = match expression.kind {
                ExprKind::Name(text) => Some((Name { text, span: expression.span }, Vec::new())),
                ExprKind::Call { callee, arguments, .. } => match callee.kind {
                    ExprKind::Name(text) => Some((Name { text, span: callee.span }, arguments)),
                    _ => None,
                },
                _ => None,
            };
            match found {
                Some((name, arguments)) => decorators.push(Decorator { name, arguments }),
                None => self.refuse(Code::E0206, decorator.span, "a decorator is a name, perhaps with options"),
            }
        }
        decorators
    }

    fn type_expr(&mut self, kind: &ast::TSType<'_>) -> Read<TypeExpr> {
        self.node(kind.span())?;
        let span = self.span(kind.span());
        let kind = match kind {
            ast::TSType::TSVoidKeyword(_) => TypeKind::Void,
            ast::TSType::TSBooleanKeyword(_) => TypeKind::Named("bool".to_owned(), Vec::new()),
            ast::TSType::TSParenthesizedType(inner) => return self.type_expr(&inner.type_annotation),
            ast::TSType::TSTypeReference(reference) => {
                let ast::TSTypeName::IdentifierReference(name) = &reference.type_name else {
                    return self.refuse_with(
                        Code::E0203,
                        reference.span,
                        "a type is one name",
                        "import it by its name",
                    );
                };
                let mut arguments = Vec::new();
                for argument in reference.type_arguments.iter().flat_map(|arguments| &arguments.params) {
                    arguments.push(self.type_expr(argument)?);
                }
                TypeKind::Named(name.name.to_string(), arguments)
            }
            ast::TSType::TSLiteralType(literal) => match &literal.literal {
                ast::TSLiteral::NumericLiteral(number) => TypeKind::Number(self.number(number)?),
                _ => {
                    let help = "only lengths are literals in types, as in `Arr<u64, 4>`";
                    return self.refuse_with(Code::E0203, literal.span, "this literal is no type", help);
                }
            },
            ast::TSType::TSNumberKeyword(number) => {
                let help = "say which: `u8`, `u32`, `u64` or `felt`";
                return self.refuse_with(Code::E0203, number.span, "`number` is not in the language", help);
            }
            ast::TSType::TSArrayType(list) => {
                let help = "arrays have a fixed length: `Arr<T, N>`";
                return self.refuse_with(
                    Code::E0203,
                    list.span,
                    "arrays without a length are not in the language",
                    help,
                );
            }
            other => {
                let help =
                    "there are bool, felt, u8, u32, u64, hash, UserId, ContractId, CheckpointId, Arr<T, N>, structs";
                return self.refuse_with(Code::E0203, other.span(), "this type is not in the language", help);
            }
        };
        Some(TypeExpr { kind, span })
    }

    /// A whole number of at most 64 bits.
    fn number(&mut self, literal: &ast::NumericLiteral<'_>) -> Read<u64> {
        let raw = literal.raw.as_ref().map_or_else(String::new, |raw| raw.replace('_', ""));
        let lower = raw.to_ascii_lowercase();
        let parsed = match lower.split_at_checked(2) {
            Some(("0x", digits)) => u64::from_str_radix(digits, 16),
            Some(("0o", digits)) => u64::from_str_radix(digits, 8),
            Some(("0b", digits)) => u64::from_str_radix(digits, 2),
            _ => lower.parse(),
        };
        if let Ok(value) = parsed {
            return Some(value);
        }
        let whole = lower.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'x' | b'o' | b'b'));
        if whole && !lower.is_empty() && (lower.starts_with("0x") || !lower.contains('e')) {
            return self.refuse_with(
                Code::E0311,
                literal.span,
                format!("{raw} does not fit 64 bits"),
                "u64 is below 2^62",
            );
        }
        let help = "amounts count the smallest unit, as 150 cents instead of 1.5";
        self.refuse_with(Code::E0207, literal.span, format!("{raw} is not written as a whole number"), help)
    }

    fn make(&self, kind: ExprKind, span: oxc_span::Span) -> Expr {
        Expr { kind, span: self.span(span) }
    }
}
