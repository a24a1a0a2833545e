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

impl Directive {
    /// The directive that a `//` comment is, if it is one.
    pub(crate) fn of_comment(comment: &str, span: TextRange) -> Option<Self> {
        let (name, args) = match comment.strip_prefix("//go:") {
            Some(rest) => rest.split_once([' ', '\t']).unwrap_or((rest, "")),
            None => ("export", comment.strip_prefix("//export ")?),
        };
        Some(Self { name: name.into(), args: args.trim().into(), span })
    }
}

/// The build constraint of a file's header, found where `go build` looks for it: the only
/// `//go:build` line before the package clause, else the `// +build` lines followed by a blank line.
pub(crate) fn read_header(text: &str, directives: &mut Directives) {
    let header = Header::of(text);
    let span = |line: &str| {
        let start = (line.as_ptr() as usize).saturating_sub(text.as_ptr() as usize) as u32;
        TextRange::new(start, start + line.len() as u32)
    };
    if let [line, rest @ ..] = &*header.go_build {
        if let Some(second) = rest.first() {
            directives.build_error = Some((span(second), "second //go:build line".into()));
            return;
        }
        match parse_go_build(line.trim_start_matches("//go:build")) {
            Ok(expr) => {
                let span = span(line);
                directives.build = Some(BuildConstraint { expr, span, legacy: false });
            }
            Err(message) => directives.build_error = Some((span(line), message.into())),
        }
        return;
    }
    // More lines than any real file has would make a chain too deep to walk.
    for line in header.plus_build.into_iter().take(ConstraintParser::MAX_TERMS) {
        let Some(expr) = parse_plus_build(line) else { continue };
        match &mut directives.build {
            None => {
                let span = span(line);
                directives.build = Some(BuildConstraint { expr, span, legacy: true });
            }
            Some(build) => {
                let before = std::mem::replace(&mut build.expr, BuildExpr::Tag("".into()));
                build.expr = BuildExpr::And(before.into(), expr.into());
            }
        }
    }
}

/// The constraint lines above the package clause.
#[derive(Default)]
struct Header<'a> {
    go_build: Vec<&'a str>,
    plus_build: Vec<&'a str>,
}

impl<'a> Header<'a> {
    fn of(text: &'a str) -> Self {
        let mut header = Self::default();
        // How many `// +build` lines have a blank line after them, before any other text.
        let mut n_confirmed = 0;
        let mut only_line_comments = true;
        let mut in_block = false;
        for line in text.strip_prefix('\u{feff}').unwrap_or(text).split('\n') {
            let line = line.trim();
            if line.is_empty() {
                if only_line_comments {
                    n_confirmed = header.plus_build.len();
                }
                continue;
            }
            only_line_comments &= line.starts_with("//");
            if !in_block && is_go_build(line) {
                header.go_build.push(line);
            } else if only_line_comments && is_plus_build(line) {
                header.plus_build.push(line);
            }
            if !skip_comments(line, &mut in_block) {
                break;
            }
        }
        header.plus_build.truncate(n_confirmed);
        header
    }
}

/// Whether the line holds nothing but comments; keeps track of open block comments.
fn skip_comments(mut line: &str, in_block: &mut bool) -> bool {
    loop {
        if *in_block {
            let Some((_, rest)) = line.split_once("*/") else { return true };
            *in_block = false;
            line = rest.trim();
        } else if line.is_empty() || line.starts_with("//") {
            return true;
        } else if let Some(rest) = line.strip_prefix("/*") {
            *in_block = true;
            line = rest;
        } else {
            return false;
        }
    }
}

fn is_go_build(line: &str) -> bool {
    line.strip_prefix("//go:build")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn plus_build_args(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("//")?.trim().strip_prefix("+build")?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

fn is_plus_build(line: &str) -> bool {
    plus_build_args(line).is_some()
}

/// A `// +build` line: alternatives separated by blanks, of terms joined by commas.
fn parse_plus_build(line: &str) -> Option<BuildExpr> {
    /// More operators than this make the line void.
    const MAX_TERMS: usize = 100;
    let mut n_terms = 0;
    let mut any: Option<BuildExpr> = None;
    for alternative in plus_build_args(line)?.split_whitespace() {
        let mut all: Option<BuildExpr> = None;
        for term in alternative.split(',') {
            n_terms += 1;
            if n_terms > MAX_TERMS {
                return None;
            }
            let term = plus_build_term(term);
            all = Some(match all {
                None => term,
                Some(before) => BuildExpr::And(before.into(), term.into()),
            });
        }
        let all = all?;
        any = Some(match any {
            None => all,
            Some(before) => BuildExpr::Or(before.into(), all.into()),
        });
    }
    // A line without terms can never hold.
    Some(any.unwrap_or_else(|| BuildExpr::Tag("ignore".into())))
}

fn plus_build_term(term: &str) -> BuildExpr {
    let (negated, tag) = match term.strip_prefix('!') {
        Some(tag) => (true, tag),
        None => (false, term),
    };
    if tag.is_empty() || !tag.chars().all(is_tag_char) {
        // A malformed term never holds, as `ignore` never does.
        return BuildExpr::Tag("ignore".into());
    }
    let tag = BuildExpr::Tag(tag.into());
    if negated { BuildExpr::Not(tag.into()) } else { tag }
}

fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// The expression of a `//go:build` line.
fn parse_go_build(text: &str) -> Result<BuildExpr, &'static str> {
    let mut parser = ConstraintParser { rest: text.trim(), n_terms: 0 };
    let expr = parser.or(0)?;
    parser.skip_blanks();
    if parser.rest.is_empty() { Ok(expr) } else { Err("unexpected text in build constraint") }
}

struct ConstraintParser<'a> {
    rest: &'a str,
    n_terms: usize,
}

impl ConstraintParser<'_> {
    /// Limits of a constraint's size and nesting.
    const MAX_TERMS: usize = 1000;
    const MAX_NESTING: u32 = 200;

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn eat(&mut self, text: &str) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn or(&mut self, nesting: u32) -> Result<BuildExpr, &'static str> {
        let mut x = self.and(nesting)?;
        while self.eat("||") {
            x = BuildExpr::Or(x.into(), self.and(nesting)?.into());
        }
        Ok(x)
    }

    fn and(&mut self, nesting: u32) -> Result<BuildExpr, &'static str> {
        let mut x = self.not(nesting)?;
        while self.eat("&&") {
            x = BuildExpr::And(x.into(), self.not(nesting)?.into());
        }
        Ok(x)
    }

    fn not(&mut self, nesting: u32) -> Result<BuildExpr, &'static str> {
        self.n_terms += 1;
        if self.n_terms > Self::MAX_TERMS || nesting > Self::MAX_NESTING {
            return Err("build constraint too large");
        }
        if !self.eat("!") {
            return self.atom(nesting);
        }
        if self.eat("!") {
            return Err("double negation in build constraint");
        }
        Ok(BuildExpr::Not(self.atom(nesting)?.into()))
    }

    fn atom(&mut self, nesting: u32) -> Result<BuildExpr, &'static str> {
        if self.eat("(") {
            let x = self.or(nesting + 1)?;
            return if self.eat(")") { Ok(x) } else { Err("missing ) in build constraint") };
        }
        let end = self.rest.find(|c| !is_tag_char(c)).unwrap_or(self.rest.len());
        let (tag, rest) = self.rest.split_at(end);
        if tag.is_empty() {
            return Err("missing tag in build constraint");
        }
        self.rest = rest;
        Ok(BuildExpr::Tag(tag.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Directives {
        let mut directives = Directives::default();
        read_header(text, &mut directives);
        directives
    }

    fn holds(text: &str, tags: &[&str]) -> bool {
        header(text).build.is_none_or(|b| b.expr.eval(&|tag| tags.contains(&tag)))
    }

    #[test]
    fn go_build_lines() {
        let text = "// x\n\n//go:build (linux && !cgo) || go1.21\npackage p\n";
        assert!(holds(text, &["linux"]));
        assert!(!holds(text, &["linux", "cgo"]));
        assert!(holds(text, &["go1.21"]));
        assert_eq!(header(text).go_version(), None);
        assert_eq!(header("//go:build go1.21 && linux\n\npackage p").go_version(), Some(21));
        assert_eq!(header("//go:build !go1.21\n\npackage p").go_version(), None);
        assert!(header("package p\n//go:build linux\n").build.is_none());
        assert!(header("//go:build a &&\npackage p").build_error.is_some());
        assert!(header("//go:build !!a\npackage p").build_error.is_some());
        assert!(header("//go:build a\n//go:build b\npackage p").build_error.is_some());
    }

    #[test]
    fn legacy_lines_need_a_blank_line_after_them() {
        assert!(!holds("// +build a,b c\n// +build !d\n\npackage p", &["a", "c", "d"]));
        assert!(holds("// +build a,b c\n// +build !d\n\npackage p", &["c"]));
        assert!(header("// +build a\npackage p").build.is_none());
        assert!(header("//go:build x\n// +build a\n\npackage p").build.is_some_and(|b| !b.legacy));
    }

    #[test]
    fn nesting_is_bounded() {
        let text = format!("//go:build {}a\npackage p", "(".repeat(100_000));
        assert!(header(&text).build_error.is_some());
    }
}
