//! What an expression may be replaced by. All of it is of the same type, whatever stands around it.

use syn::{BinOp, Expr, ExprBinary, ExprCall, ExprMethodCall, Lit, UnOp};

/// What stands around an expression, so far as it makes a mutation of it needless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    #[default]
    Anywhere,
    /// A condition, or what else can only be true or false.
    Condition,
    /// Of "and": false would make all of it false.
    And,
    /// Of "or": true would make all of it true.
    Or,
    /// Compared with something: the comparison is mutated.
    Compared,
}

/// The mutations of `expr`, as text.
pub fn of(expr: &Expr, place: Place, text: &dyn Fn(&Expr) -> String) -> Vec<String> {
    let mut found = match expr {
        Expr::Binary(binary) => of_binary(binary, text),
        Expr::MethodCall(call) => of_method(call, text),
        Expr::Call(call) => of_call(call, place),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) && !wants_no_rule(expr) => {
            vec![text(&unary.expr)]
        }
        Expr::Lit(literal) => of_literal(&literal.lit),
        Expr::Continue(_) => vec!["break".to_owned()],
        _ => Vec::new(),
    };
    found.extend(of_truth(expr, place).iter().map(|value| (*value).to_owned()));
    found
}

/// "true" and "false", so far as either is a mutation of `expr` that no other is.
fn of_truth(expr: &Expr, place: Place) -> &'static [&'static str] {
    let is_condition = matches!(place, Place::Condition | Place::And | Place::Or);
    let is_truth = match expr {
        Expr::Binary(binary) => match binary.op {
            // What it is made of becomes true.
            BinOp::And(_) if !has_let(expr) && place != Place::And => return &["false"],
            BinOp::Or(_) if place != Place::Or => return &["true"],
            ref op => is_comparison(op),
        },
        Expr::MethodCall(call) => match call.method.to_string().as_str() {
            // Every rule is in force, and what it demands is mutated itself.
            "keeps" | "require" if place == Place::And => return &[],
            "keeps" | "require" => return &["false"],
            name => is_question(name),
        },
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                path.path.segments.last().is_some_and(|last| is_question(&last.ident.to_string()))
            }
            _ => false,
        },
        Expr::Field(_) => is_condition,
        _ => false,
    };
    match place {
        _ if !is_truth => &[],
        Place::And => &["true"],
        Place::Or => &["false"],
        Place::Anywhere | Place::Condition | Place::Compared => &["true", "false"],
    }
}

/// True if a function of this name answers yes or no.
fn is_question(name: &str) -> bool {
    const OTHERS: &[&str] =
        &["contains", "knows", "any", "all", "may_commit", "grants_vote", "starts_with"];
    name.starts_with("is_") || OTHERS.contains(&name)
}

/// True if `expr` binds something: nothing else may stand in its place.
pub fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

/// True if `condition` asks for a rule that is not in force, and every rule is.
pub fn wants_no_rule(condition: &Expr) -> bool {
    match condition {
        Expr::Unary(not) if matches!(not.op, UnOp::Not(_)) => match &*not.expr {
            Expr::MethodCall(call) => call.method == "keeps",
            _ => false,
        },
        Expr::Binary(binary) => {
            matches!(binary.op, BinOp::And(_))
                && (wants_no_rule(&binary.left) || wants_no_rule(&binary.right))
        }
        _ => false,
    }
}

pub fn is_comparison(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_) | BinOp::Ne(_)
    )
}

/// Another operator, or one of the operands alone.
fn of_binary(binary: &ExprBinary, text: &dyn Fn(&Expr) -> String) -> Vec<String> {
    let (left, right) = (text(&binary.left), text(&binary.right));
    let operators: &[&str] = match binary.op {
        BinOp::Lt(_) => &["<=", ">="],
        BinOp::Le(_) => &["<", ">"],
        BinOp::Gt(_) => &[">=", "<="],
        BinOp::Ge(_) => &[">", "<"],
        BinOp::Eq(_) => &["!=", "<=", ">="],
        BinOp::Ne(_) => &["==", "<", ">"],
        BinOp::And(_) if !has_let(&binary.left) && !has_let(&binary.right) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Add(_) => &["-"],
        BinOp::Sub(_) => &["+"],
        BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_) => &[],
        _ => return Vec::new(),
    };
    let first = match &*binary.left {
        // "as usize < .." would begin a list of types.
        Expr::Cast(_) => format!("({left})"),
        _ => left.clone(),
    };
    let mut found: Vec<_> = operators.iter().map(|op| format!("{first} {op} {right}")).collect();
    match binary.op {
        BinOp::Add(_) => found.extend([left, right]),
        BinOp::Sub(_) | BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_) => found.push(left),
        _ => {}
    }
    found
}

/// A method of the same type, or what the call is made of.
fn of_method(call: &ExprMethodCall, text: &dyn Fn(&Expr) -> String) -> Vec<String> {
    let (receiver, name) = (text(&call.receiver), call.method.to_string());
    let arguments: Vec<_> = call.args.iter().map(text).collect();
    let with = |other: &str| format!("{receiver}.{other}({})", arguments.join(", "));
    match (name.as_str(), &*arguments) {
        ("min", [other]) => vec![with("max"), receiver, other.clone()],
        ("max", [other]) => vec![with("min"), receiver, other.clone()],
        ("any", [_]) => vec![with("all")],
        ("all", [_]) => vec![with("any")],
        ("is_some_and", [_]) => vec![with("is_none_or")],
        ("is_none_or", [_]) => vec![with("is_some_and")],
        ("is_some", []) => vec![with("is_none")],
        ("is_none", []) => vec![with("is_some")],
        ("saturating_sub", [_]) => vec![with("saturating_add"), receiver],
        // Of a number; no iterator is asked for its next item in a rule.
        ("next", []) => vec![receiver],
        ("unwrap_or", [other]) => vec![other.clone()],
        ("unwrap_or_default", []) => vec!["Default::default()".to_owned()],
        ("map_or", [other, _]) => vec![other.clone()],
        _ => Vec::new(),
    }
}

fn of_call(call: &ExprCall, place: Place) -> Vec<String> {
    match &*call.func {
        Expr::Path(path) if path.path.is_ident("Some") && place != Place::Compared => {
            vec!["None".to_owned()]
        }
        _ => Vec::new(),
    }
}

fn of_literal(literal: &Lit) -> Vec<String> {
    match literal {
        Lit::Bool(truth) => vec![(!truth.value).to_string()],
        Lit::Int(number) => {
            let value: u64 = number.base10_parse().expect("a number of this size");
            let mut found = vec![(value + 1).to_string()];
            found.extend(value.checked_sub(1).map(|less| less.to_string()));
            found
        }
        _ => Vec::new(),
    }
}
