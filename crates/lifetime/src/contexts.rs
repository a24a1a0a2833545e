//! How often each function of the module runs: a call graph with seeds.

use crate::facts::{DeclId, FuncFacts, How, Loop, Target};
use crate::report::Often;
use crate::summary::Summary;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_ir::Span;
use stanch_types::{PackageId, Program, TypeId, TypeKind};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Ways in which a function comes to run; empty if it never does.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Runs(u8);

impl Runs {
    /// Once, when the program starts.
    pub(crate) const ONCE: Self = Self(1);
    /// Whenever code out of view likes.
    pub(crate) const API: Self = Self(2);
    /// As a kept function value.
    pub(crate) const CALLBACK: Self = Self(4);
    /// Once, before `main`.
    pub(crate) const INIT: Self = Self(16);
    /// Again and again, as far as can be seen.
    pub(crate) const AGAIN: Self = Self(8);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    pub(crate) fn is_never(self) -> bool {
        self.0 == 0
    }
    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    fn only(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    /// The same where it is not known that it comes to that.
    fn less_sure(self) -> Self {
        match self.has(Self::AGAIN) {
            true => Self(self.0 & !Self::AGAIN.0).and(Self::CALLBACK),
            false => self,
        }
    }
    /// Whether it runs when the program starts and never after.
    pub(crate) fn is_start(self) -> bool {
        !self.is_never() && self.only(Self::ONCE.and(Self::INIT))
    }
}

/// A function: number of the summary, number in the summary.
pub(crate) type Node = (u32, u32);

/// A method of an interface with more implementations than this may be any of them.
const MANY: usize = 4;

/// Whom each function leads to, and how; and whether that is believed.
type Graph = FxHashMap<Node, Vec<(Node, How, Loop, Span, bool)>>;

/// Why a function runs again and again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Because {
    /// It serves requests.
    Handler,
    /// The call here stands in a loop, or is registered with something that repeats it.
    Repeated(Node, Span),
    /// Its caller does.
    Caller(Node, Span),
}

/// All functions of the module.
pub(crate) struct Calls<'s> {
    program: &'s Program<'s>,
    pub(crate) summaries: &'s [&'s Summary],
    /// The functions that run again and again, with the reason.
    pub(crate) because: FxHashMap<Node, Because>,
    runs: Vec<Vec<Runs>>,
    by_decl: FxHashMap<(Arc<str>, u32), Node>,
    methods: FxHashMap<&'s str, Vec<(Node, TypeId)>>,
    /// The methods that calls through an interface lead to.
    resolved: FxHashMap<(&'s str, TypeId), Vec<Node>>,
    named: FxHashMap<TypeId, BTreeSet<String>>,
}

impl<'s> Calls<'s> {
    pub(crate) fn new(program: &'s Program<'s>, summaries: &'s [&'s Summary]) -> Self {
        let mut calls = Self {
            program,
            summaries,
            because: FxHashMap::default(),
            runs: summaries.iter().map(|s| vec![Runs::default(); s.funcs.len()]).collect(),
            by_decl: FxHashMap::default(),
            methods: FxHashMap::default(),
            resolved: FxHashMap::default(),
            named: FxHashMap::default(),
        };
        calls.index();
        calls.spread();
        calls
    }

    pub(crate) fn runs(&self, node: Node) -> Runs {
        self.runs[node.0 as usize][node.1 as usize]
    }

    pub(crate) fn facts(&self, node: Node) -> &'s FuncFacts {
        &self.summaries[node.0 as usize].funcs[node.1 as usize]
    }

    /// How often the functions with these symbols run.
    pub(crate) fn often(&self, symbols: &FxHashSet<&str>) -> FxHashMap<String, Often> {
        let programs = match symbols.is_empty() {
            true => FxHashSet::default(),
            false => self.in_programs(),
        };
        let often = |node: Node| match self.runs(node) {
            runs if runs.has(Runs::AGAIN) => Often::Again,
            Runs::API if !programs.contains(&node.0) => Often::Outside,
            _ => Often::Unknown,
        };
        let asked = self.nodes().filter(|(_, facts)| symbols.contains(facts.symbol.as_str()));
        asked.map(|(node, facts)| (facts.symbol.clone(), often(node))).collect()
    }

    /// The packages that the programs of the module use, and their own, by number of the summary: they may
    /// come to what these export in ways that are not followed.
    fn in_programs(&self) -> FxHashSet<u32> {
        let is_main = |s: &Summary| s.funcs.iter().any(|f| f.start && f.symbol == "main.main");
        let numbers = || (0..).zip(self.summaries);
        let number: FxHashMap<PackageId, u32> = numbers().map(|(n, s)| (s.package, n)).collect();
        let mut todo: Vec<u32> = numbers().filter(|(_, s)| is_main(s)).map(|(n, _)| n).collect();
        let mut found: FxHashSet<u32> = FxHashSet::default();
        while let Some(package) = todo.pop() {
            if found.insert(package) {
                let named = self.summaries[package as usize].decls.iter().map(|d| d.object.package);
                todo.extend(named.filter_map(|package| number.get(&package)));
            }
        }
        found
    }

    /// Whether code of other modules can call it.
    pub(crate) fn is_open(&self, node: Node) -> bool {
        self.facts(node).exported && self.summaries[node.0 as usize].importable
    }

    /// The function that a declaration of a summary names, if it is in view.
    pub(crate) fn node(&self, summary: u32, decl: DeclId) -> Option<Node> {
        let decl = &self.summaries[summary as usize].decls[decl.index()];
        self.by_decl.get(&(decl.file.clone(), decl.at)).copied()
    }

    /// Every function outside of tests.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (Node, &'s FuncFacts)> + use<'s> {
        self.summaries.iter().enumerate().flat_map(|(p, summary)| {
            summary
                .funcs
                .iter()
                .enumerate()
                .filter(|(_, facts)| !facts.test)
                .map(move |(f, facts)| ((p as u32, f as u32), facts))
        })
    }

    fn index(&mut self) {
        for (node, facts) in self.nodes() {
            if let Some(decl) = facts.decl {
                let decl = &self.summaries[node.0 as usize].decls[decl.index()];
                self.by_decl.insert((decl.file.clone(), decl.at), node);
            }
            if let Some((name, recv)) = &facts.method {
                self.methods.entry(name).or_default().push((node, *recv));
            }
        }
    }

    /// The functions that lead to each, by whatever edge.
    pub(crate) fn callers(&mut self) -> FxHashMap<Node, Vec<Node>> {
        let mut callers: FxHashMap<Node, Vec<Node>> = FxHashMap::default();
        for (node, facts) in self.nodes() {
            for edge in &facts.edges {
                for to in self.targets(node, &edge.to) {
                    callers.entry(to).or_default().push(node);
                }
            }
        }
        callers
    }

    /// The functions an edge may lead to.
    pub(crate) fn targets(&mut self, from: Node, to: &'s Target) -> Vec<Node> {
        match to {
            Target::Decl(decl) => self.node(from.0, *decl).into_iter().collect(),
            Target::Func(func) => vec![(from.0, *func)],
            Target::Method(name, interface) => self.implementations(name, *interface),
        }
    }

    /// The methods `name` of types that have all methods of the interface, by name: a package and its
    /// variant with tests have different types of one source.
    fn implementations(&mut self, name: &'s str, interface: TypeId) -> Vec<Node> {
        if let Some(known) = self.resolved.get(&(name, interface)) {
            return known.clone();
        }
        let mut found = Vec::new();
        let n_params = n_params(self.program, interface, name);
        for (node, recv) in self.methods.get(name).cloned().unwrap_or_default() {
            // A method of the same name that takes something else is another one.
            if n_params.is_some_and(|n| self.facts(node).n_params != n + 1) {
                continue;
            }
            for ty in [interface, recv] {
                if !self.named.contains_key(&ty) {
                    let set = method_names(self.program, ty);
                    self.named.insert(ty, set);
                }
            }
            if self.named[&interface].is_subset(&self.named[&recv]) {
                found.push(node);
            }
        }
        self.resolved.insert((name, interface), found.clone());
        found
    }

    fn spread(&mut self) {
        let mut called: FxHashSet<Node> = FxHashSet::default();
        let mut graph = Graph::default();
        let once = self.made_once();
        for (node, facts) in self.nodes() {
            for edge in &facts.edges {
                let targets = self.targets(node, &edge.to);
                let few = !matches!(edge.to, Target::Method(..)) || self.are_few(&targets);
                for to in targets {
                    called.insert(to);
                    let sure = few && !once.contains(&to);
                    let edge = (to, edge.how, edge.looped, edge.span, sure);
                    graph.entry(node).or_default().push(edge);
                }
            }
        }
        let mut queue: VecDeque<Node> = VecDeque::new();
        for (node, facts) in self.nodes() {
            let api =
                self.is_callable(node, facts) && (self.is_open(node) || !called.contains(&node));
            let mut runs = Runs::default();
            if facts.start {
                let main = facts.symbol.ends_with(".main");
                runs = runs.and(if main { Runs::ONCE } else { Runs::INIT });
            }
            if api {
                runs = runs.and(Runs::API);
            }
            if facts.handler {
                runs = runs.and(Runs::AGAIN);
                self.because.insert(node, Because::Handler);
            }
            if !runs.is_never() {
                self.runs[node.0 as usize][node.1 as usize] = runs;
                queue.push_back(node);
            }
        }
        self.flow(&graph, queue);
        // Callers that nothing in view calls do not tell that nobody does.
        let unseen: Vec<Node> = self
            .nodes()
            .filter(|&(node, facts)| self.runs(node).is_never() && self.is_callable(node, facts))
            .map(|(node, _)| node)
            .collect();
        for &node in &unseen {
            self.runs[node.0 as usize][node.1 as usize] = Runs::API;
        }
        self.flow(&graph, unseen.into());
    }

    /// Whether a call leads to one of a few methods.
    fn are_few(&self, targets: &[Node]) -> bool {
        let symbols: FxHashSet<&str> =
            targets.iter().map(|&to| self.facts(to).symbol.as_str()).collect();
        symbols.len() <= MANY
    }

    /// The literals that are given to a function which calls them for what its memo table has not yet.
    fn made_once(&self) -> FxHashSet<Node> {
        let mut creates: FxHashSet<(Node, u32)> = FxHashSet::default();
        for (node, facts) in self.nodes() {
            creates.extend(facts.creates.iter().map(|&(func, param)| ((node.0, func), param)));
        }
        let mut found = FxHashSet::default();
        if creates.is_empty() {
            return found;
        }
        for (node, facts) in self.nodes() {
            for handed in &facts.handed {
                let to = self.node(node.0, handed.to);
                if to.is_some_and(|to| creates.contains(&(to, handed.param))) {
                    found.insert((node.0, handed.closure));
                }
            }
        }
        found
    }

    fn is_callable(&self, node: Node, facts: &FuncFacts) -> bool {
        facts.exported && (self.summaries[node.0 as usize].importable || facts.method.is_some())
    }

    fn flow(&mut self, graph: &Graph, mut queue: VecDeque<Node>) {
        while let Some(node) = queue.pop_front() {
            let runs = self.runs(node);
            for &(to, how, looped, span, sure) in graph.get(&node).map_or(&[][..], |v| v) {
                let mut passed = pass(runs, how, looped);
                if !sure {
                    passed = passed.less_sure();
                }
                let old = self.runs(to);
                let new = old.and(passed);
                if new == old {
                    continue;
                }
                if new.has(Runs::AGAIN) && !old.has(Runs::AGAIN) {
                    let because = match runs.has(Runs::AGAIN) {
                        true => Because::Caller(node, span),
                        false => Because::Repeated(node, span),
                    };
                    self.because.entry(to).or_insert(because);
                }
                self.runs[to.0 as usize][to.1 as usize] = new;
                queue.push_back(to);
            }
        }
    }
}

/// How many parameters a method of an interface has.
fn n_params(program: &Program<'_>, interface: TypeId, name: &str) -> Option<u32> {
    let methods = program.method_set(interface);
    let method = methods.iter().find(|l| program.object_name(l.object) == name)?;
    match program.kind(program.object(method.object).ty) {
        TypeKind::Signature(signature) => Some(signature.params.len() as u32),
        _ => None,
    }
}

fn method_names(program: &Program<'_>, ty: TypeId) -> BTreeSet<String> {
    // A receiver may be the value where the pointer has all methods.
    let named = program.named_object(program.pointee(ty).unwrap_or(ty));
    let declared = named.into_iter().flat_map(|n| program.methods_of(n).iter().copied());
    let all = program.method_set(ty).into_iter().map(|l| l.object).chain(declared);
    all.map(|object| program.object_name(object).to_owned()).collect()
}

/// How a callee runs, from how its caller does.
fn pass(runs: Runs, how: How, looped: Loop) -> Runs {
    match how {
        How::Once => Runs::ONCE,
        How::Again => Runs::AGAIN,
        How::Now if looped == Loop::Endless => Runs::AGAIN,
        How::Now => runs,
        How::Later if runs.has(Runs::AGAIN) || looped == Loop::Endless => Runs::AGAIN,
        How::Later => Runs::CALLBACK,
    }
}

impl Runs {
    /// Whether nothing is known but that code out of view may call it.
    pub(crate) fn only_from_outside(self) -> bool {
        !self.is_never() && self.only(Self::API.and(Self::ONCE).and(Self::INIT).and(Self::CALLBACK))
    }
}
