//! Finds all mutations of a file, and builds those that are wanted into it, each behind the
//! question whether it is the chosen one.

use std::collections::BTreeSet;

use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Block, Expr, ExprClosure, ExprMethodCall, ImplItem, ImplItemFn, Item, ItemFn, ItemImpl,
    ReturnType, Signature, Stmt, Type, UnOp, parse_quote,
};

use crate::arms;
use crate::operators::{self, Place};
use crate::source::{on_one_line, text_of};

/// One change to one place.
pub struct Mutant {
    pub file: String,
    pub line: usize,
    pub function: String,
    pub before: String,
    pub after: String,
}

/// Functions that no handler calls: they are for people, and for what is checked.
const NO_RULES: &[&str] = &["name", "starts_with"];

/// What is longer is listed by its beginning.
const LISTED: usize = 80;

pub struct Instrument<'a> {
    file: &'a str,
    source: &'a str,
    mutants: &'a mut Vec<Mutant>,
    /// The numbers of those that are built in.
    wanted: &'a BTreeSet<u32>,
    function: String,
    returns_unit: bool,
    place: Place,
    /// The match that comes next is a statement.
    unit_match: bool,
}

impl<'a> Instrument<'a> {
    /// Adds all mutations of `source` to `mutants`; returns `source` with the `wanted` ones in it.
    pub fn apply(
        file: &'a str,
        source: &'a str,
        mutants: &'a mut Vec<Mutant>,
        wanted: &'a BTreeSet<u32>,
    ) -> String {
        let mut parsed = syn::parse_file(source).expect("the source is Rust");
        parsed.items.retain(|item| !matches!(item, Item::Mod(module) if module.content.is_some()));
        let mut instrument = Instrument {
            file,
            source,
            mutants,
            wanted,
            function: String::new(),
            returns_unit: false,
            place: Place::Anywhere,
            unit_match: false,
        };
        instrument.visit_file_mut(&mut parsed);
        prettyplease::unparse(&parsed)
    }

    fn text(&self, expr: &Expr) -> String {
        text_of(self.source, expr)
    }

    /// Notes a mutation; returns its number if it is wanted.
    fn note(&mut self, at: &impl Spanned, after: &str) -> Option<u32> {
        let shown = |text: &str| {
            let line = on_one_line(text);
            let end = line.char_indices().nth(LISTED).map(|(end, _)| end);
            end.map_or(line.clone(), |end| format!("{}...", &line[..end]))
        };
        self.mutants.push(Mutant {
            file: self.file.to_owned(),
            line: at.span().start().line,
            function: self.function.clone(),
            before: shown(&text_of(self.source, at)),
            after: shown(after),
        });
        let number = self.mutants.len() as u32;
        self.wanted.contains(&number).then_some(number)
    }

    /// Puts each of `texts` behind a switch in front of `expr`; `original` is what was written.
    fn replace(&mut self, expr: &mut Expr, original: &Expr, texts: Vec<String>) {
        for text in texts {
            let mutated: Expr = syn::parse_str(&text).expect("a mutation is Rust");
            let Some(number) = self.note(original, &text) else { continue };
            let instrumented = &*expr;
            *expr = parse_quote! {
                (if crate::mutation::is(#number) { #mutated } else { #instrumented })
            };
        }
    }

    fn visit_at(&mut self, place: Place, expr: &mut Expr) {
        self.place = place;
        self.visit_expr_mut(expr);
        self.place = Place::Anywhere;
    }

    fn visit_call(&mut self, call: &mut ExprMethodCall) {
        let name = call.method.to_string();
        let receiver = if name == "then" { Place::Condition } else { Place::Anywhere };
        self.visit_at(receiver, &mut call.receiver);
        for (at, argument) in call.args.iter_mut().enumerate() {
            match argument {
                Expr::Closure(ExprClosure { body, .. }) if asks(&name) => {
                    self.visit_at(Place::Condition, body);
                }
                _ if name == "require" && at == 1 => self.visit_at(Place::Condition, argument),
                _ => self.visit_expr_mut(argument),
            }
        }
    }

    fn visit_arms(&mut self, arms: &mut [Arm], is_unit: bool) {
        let texts = arms::of(arms, is_unit, &|expr| self.text(expr));
        for (arm, texts) in arms.iter_mut().zip(texts) {
            if let Some((_, guard)) = &mut arm.guard {
                self.visit_at(Place::Condition, guard);
            }
            let original = (*arm.body).clone();
            self.visit_expr_mut(&mut arm.body);
            self.replace(&mut arm.body, &original, texts);
        }
    }

    fn visit_function(&mut self, signature: &Signature, block: &mut Block) {
        self.function = signature.ident.to_string();
        if NO_RULES.contains(&self.function.as_str()) {
            return;
        }
        self.returns_unit = matches!(signature.output, ReturnType::Default);
        let early = early_returns(&signature.output, block);
        self.visit_statements(block, self.returns_unit);
        for (value, listed) in early {
            let Some(number) = self.note(&signature.ident, &listed) else { continue };
            block.stmts.insert(
                0,
                parse_quote! {
                    if crate::mutation::is(#number) { return #value; }
                },
            );
        }
    }

    /// The statements of `block`, each of which may go. `is_unit`: the last is one of them.
    fn visit_statements(&mut self, block: &mut Block, is_unit: bool) {
        let last = block.stmts.len().saturating_sub(1);
        for (at, statement) in block.stmts.iter_mut().enumerate() {
            let has_no_value = at < last || is_unit;
            let original = statement.clone();
            self.unit_match = has_no_value && matches!(statement, Stmt::Expr(Expr::Match(_), _));
            visit_mut::visit_stmt_mut(self, statement);
            let Stmt::Expr(expr, semicolon) = &original else { continue };
            if let Expr::Return(it) = expr
                && it.expr.is_some()
                && self.returns_unit
            {
                let Some(number) = self.note(&original, "return;") else { continue };
                let kept = &*statement;
                *statement = parse_quote! {
                    if crate::mutation::is(#number) { return } else { #kept }
                };
            } else if may_go(expr) && (semicolon.is_some() || has_no_value) {
                let Some(number) = self.note(&original, "nothing") else { continue };
                let kept = &*statement;
                *statement = parse_quote! { if !crate::mutation::is(#number) { #kept } };
            }
        }
    }
}

/// True if nothing but what it does is lost with `expr`.
fn may_go(expr: &Expr) -> bool {
    match expr {
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Assign(_) | Expr::ForLoop(_) => true,
        Expr::Binary(binary) => !operators::is_comparison(&binary.op),
        // Another condition than "let" becomes false.
        Expr::If(it) => it.else_branch.is_none() && operators::has_let(&it.cond),
        _ => false,
    }
}

/// What a function may return at once, and how that is listed.
fn early_returns(output: &ReturnType, block: &Block) -> Vec<(Option<Expr>, String)> {
    // A function of one statement loses it.
    if block.stmts.len() < 2 {
        return Vec::new();
    }
    let values: &[&str] = match output {
        ReturnType::Default => return vec![(None, "return at once".to_owned())],
        ReturnType::Type(_, output) => match &**output {
            Type::Path(path) => {
                match path.path.segments.last().map(|last| last.ident.to_string()) {
                    Some(name) if name == "bool" => &["true", "false"],
                    Some(name) if name == "Vec" => &["Vec::new()"],
                    Some(name) if name == "Option" => &["None"],
                    _ => &[],
                }
            }
            _ => &[],
        },
    };
    let parsed = |value: &&str| syn::parse_str(value).expect("a value is Rust");
    values.iter().map(|value| (Some(parsed(value)), format!("return {value} at once"))).collect()
}

/// The handler's body, told to the switches: mutations are in force in it alone.
fn watch(function: &mut ImplItemFn) {
    let body = &function.block;
    function.block = match function.sig.ident.to_string().as_str() {
        "on_start" => parse_quote! {{
            crate::mutation::start::<Self>(out, |out| #body)
        }},
        "on_msg" => parse_quote! {{
            crate::mutation::handle::<Self>(state, out, |state, out| {
                let msg = msg.clone();
                #body
            })
        }},
        "on_timeout" => parse_quote! {{
            crate::mutation::handle::<Self>(state, out, |state, out| #body)
        }},
        _ => return,
    };
}

/// True if `method` is told with its first argument whether it takes an item.
fn asks(method: &str) -> bool {
    ["filter", "any", "all", "find", "position", "take_while", "is_some_and", "is_none_or"]
        .contains(&method)
}

impl VisitMut for Instrument<'_> {
    fn visit_item_impl_mut(&mut self, item: &mut ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
        let is_actor = of.is_some_and(|last| last.ident == "Actor");
        if item.trait_.is_some() && !is_actor {
            return;
        }
        for member in &mut item.items {
            let ImplItem::Fn(function) = member else { continue };
            self.visit_function(&function.sig, &mut function.block);
            if is_actor {
                watch(function);
            }
        }
    }

    fn visit_item_fn_mut(&mut self, function: &mut ItemFn) {
        self.visit_function(&function.sig, &mut function.block);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.visit_statements(block, false);
    }

    /// Left alone: a constant is no rule.
    fn visit_item_const_mut(&mut self, _: &mut syn::ItemConst) {}

    fn visit_pat_mut(&mut self, _: &mut syn::Pat) {}

    fn visit_type_mut(&mut self, _: &mut Type) {}

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let (place, unit_match) = (self.place, self.unit_match);
        (self.place, self.unit_match) = (Place::Anywhere, false);
        let original = expr.clone();
        let texts = operators::of(expr, place, &|expr| self.text(expr));
        match expr {
            Expr::If(it) => {
                let is_dead = operators::wants_no_rule(&it.cond);
                self.visit_at(Place::Condition, &mut it.cond);
                if !is_dead {
                    self.visit_block_mut(&mut it.then_branch);
                }
                if let Some((_, otherwise)) = &mut it.else_branch {
                    self.visit_expr_mut(otherwise);
                }
            }
            Expr::While(it) => {
                self.visit_at(Place::Condition, &mut it.cond);
                self.visit_statements(&mut it.body, true);
            }
            Expr::ForLoop(it) => {
                self.visit_expr_mut(&mut it.expr);
                self.visit_statements(&mut it.body, true);
            }
            Expr::Match(it) => {
                self.visit_expr_mut(&mut it.expr);
                self.visit_arms(&mut it.arms, unit_match);
            }
            Expr::Binary(it) => {
                let place = match it.op {
                    syn::BinOp::And(_) => Place::And,
                    syn::BinOp::Or(_) => Place::Or,
                    ref op if operators::is_comparison(op) => Place::Compared,
                    _ => Place::Anywhere,
                };
                self.visit_at(place, &mut it.left);
                self.visit_at(place, &mut it.right);
            }
            Expr::Unary(it) if matches!(it.op, UnOp::Not(_)) => {
                self.visit_at(Place::Condition, &mut it.expr);
            }
            Expr::MethodCall(it) => self.visit_call(it),
            Expr::Closure(it) => {
                // It returns something of its own.
                let of_function = std::mem::replace(&mut self.returns_unit, false);
                self.visit_expr_mut(&mut it.body);
                self.returns_unit = of_function;
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
        self.replace(expr, &original, texts);
    }
}
