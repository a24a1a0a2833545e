//! temporary
use stanch_base::Idx;
use stanch_model::*;
fn num(text: &str, key: &str) -> i64 {
    let at = text.find(&format!("{key}: ")).unwrap() + key.len() + 2;
    text[at..].chars().take_while(|c| c.is_ascii_digit()).collect::<String>().parse().unwrap()
}
fn main() {
    let mut total = (0u64, 0u64, 0u32, 0u32);
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap();
        let (head, body) = text.split_once('\n').unwrap();
        let parts: Vec<&str> = head[2..].split(" | ").collect();
        let root = FnId::from_usize(parts[0].parse().unwrap());
        let args: Vec<ArgSpec> = split(parts[1]).iter().map(|a| arg(a)).collect();
        let l = parts[2];
        let limits = Limits {
            states: num(l, "states") as u32,
            instructions: num(l, "instructions") as u64,
            local_steps: num(l, "local_steps") as u32,
            branches_per_step: num(l, "branches_per_step") as u32,
            objects_per_site: num(l, "objects_per_site") as u32,
            goroutines_per_site: num(l, "goroutines_per_site") as u32,
            goroutines: num(l, " goroutines") as u32,
            objects: num(l, " objects") as u32,
            depth: num(l, "depth") as u32,
            max_size: num(l, "max_size") as u32,
            max_int: num(l, "max_int") as i32,
            elements: num(l, "elements") as u32,
            alike: num(l, "alike") as u32,
            reduce: true,
        };
        let program = match Program::parse(body) {
            Ok(p) => p,
            Err(e) => {
                println!("{path}: {e}");
                continue;
            }
        };
        let mut limits = limits;
        if let Ok(k) = std::env::var("K") {
            let k: u32 = k.parse().unwrap();
            limits.states *= k;
            limits.instructions *= u64::from(k);
        }
        let start = std::time::Instant::now();
        let out = explore(&program, root, &args, &limits);
        println!(
            "{path}\t{}\t{}\t{:?}\t{}\t{:?}",
            parts[3],
            out.n_states,
            out.inconclusive,
            out.leaks.len(),
            start.elapsed()
        );
        let (old, why) = parts[3].split_once(' ').unwrap();
        total.0 += old.parse::<u64>().unwrap();
        total.1 += u64::from(out.n_states);
        total.2 += u32::from(why.contains("States"));
        total.3 += u32::from(out.inconclusive == Some(Inconclusive::States));
    }
    println!("states {} -> {}, inconclusive {} -> {}", total.0, total.1, total.2, total.3);
}
fn split(text: &str) -> Vec<String> {
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let (mut out, mut depth, mut at) = (Vec::new(), 0, String::new());
    for c in inner.chars() {
        match c {
            '(' => {
                depth += 1;
                at.push(c)
            }
            ')' => {
                depth -= 1;
                at.push(c)
            }
            ',' if depth == 0 => {
                out.push(at.trim().to_string());
                at.clear()
            }
            _ => at.push(c),
        }
    }
    if !at.trim().is_empty() {
        out.push(at.trim().to_string())
    }
    out
}
fn arg(text: &str) -> ArgSpec {
    match text {
        "Unknown(Any)" => ArgSpec::Unknown(UnknownKind::Any),
        "Unknown(NonNil)" => ArgSpec::Unknown(UnknownKind::NonNil),
        "Unknown(Size)" => ArgSpec::Unknown(UnknownKind::Size),
        "Const(Nil)" => ArgSpec::Const(Const::Nil),
        "Open(Struct)" => ArgSpec::Open(OpenKind::Struct),
        "Open(Chan)" => ArgSpec::Open(OpenKind::Chan),
        "Open(Context)" => ArgSpec::Open(OpenKind::Context),
        "Open(Background)" => ArgSpec::Open(OpenKind::Background),
        "Open(Other)" => ArgSpec::Open(OpenKind::Other),
        other => {
            eprintln!("arg {other}");
            ArgSpec::Unknown(UnknownKind::Any)
        }
    }
}
