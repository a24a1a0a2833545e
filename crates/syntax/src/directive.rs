//! Build constraints and `//go:` directives.

use stanch_base::TextRange;

/// What a file's comments tell the tools.
#[derive(Clone, Debug, Default)]
pub struct Directives {
    /// The build constraint: the `//go:build` line, else the legacy `// +build` lines combined.
    pub build: Option<BuildConstraint>,
    /// Why the constraint could not be read: the place and one clause.
    pub build_error: Option<(TextRange, String)>,
    /// Comments of the form `//go:name args` and `//export`, `//line` excluded, in source order.
    pub list: Vec<Directive>,
}

impl Directives {
    /// Minor version `N` of the language version `go1.N` that the constraint implies, if any.
    pub fn go_version(&self) -> Option<u32> {
        self.build.as_ref().and_then(|b| b.expr.go_version())
    }
}

/// The constraint of a file.
#[derive(Clone, Debug)]
pub struct BuildConstraint {
    /// The expression.
    pub expr: BuildExpr,
    /// Bytes of the (first) line.
    pub span: TextRange,
    /// Whether it was written as `// +build`.
    pub legacy: bool,
}

/// A build constraint's expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BuildExpr {
    /// A tag.
    Tag(Box<str>),
    /// `!x`
    Not(Box<BuildExpr>),
    /// `x && y`
    And(Box<BuildExpr>, Box<BuildExpr>),
    /// `x || y`
    Or(Box<BuildExpr>, Box<BuildExpr>),
}

impl BuildExpr {
    /// Whether the constraint holds when exactly the tags accepted by `has` are set.
    pub fn eval(&self, has: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Tag(tag) => has(tag),
            Self::Not(x) => !x.eval(has),
            Self::And(x, y) => x.eval(has) && y.eval(has),
            Self::Or(x, y) => x.eval(has) || y.eval(has),
        }
    }

    /// Minor version `N` of the least `go1.N` under which the constraint can hold; `None` if it can
    /// hold without any version tag. `go1` counts as 0.
    pub fn go_version(&self) -> Option<u32> {
        self.min_version(true)
    }

    fn min_version(&self, positive: bool) -> Option<u32> {
        match self {
            Self::And(x, y) | Self::Or(x, y) => {
                let (a, b) = (x.min_version(positive), y.min_version(positive));
                if matches!(self, Self::And(..)) == positive { a.max(b) } else { a.min(b) }
            }
            Self::Not(x) => x.min_version(!positive),
            Self::Tag(_) if !positive => None,
            Self::Tag(tag) if &**tag == "go1" => Some(0),
            Self::Tag(tag) => tag.strip_prefix("go1.")?.parse().ok(),
        }
    }
}

/// A `//go:name args` comment.
#[derive(Clone, Debug)]
pub struct Directive {
    /// The name after `//go:` (`linkname`, `embed`, `noinline` …), or `export`.
    pub name: Box<str>,
    /// What follows the name, trimmed.
    pub args: Box<str>,
    /// Bytes of the comment.
    pub span: TextRange,
}
