//! temporary
use stanch_base::Idx;
use stanch_model::*;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, body) = text.split_once('\n').unwrap();
    let parts: Vec<&str> = head[2..].split(" | ").collect();
    let root = FnId::from_usize(parts[0].parse().unwrap());
    let program = Program::parse(body).unwrap();
    let _ = parts;
    let l = parts[2];
    let num = |k: &str| -> i64 {
        let at = l.find(&format!("{k}: ")).unwrap() + k.len() + 2;
        l[at..].chars().take_while(|c| c.is_ascii_digit()).collect::<String>().parse().unwrap()
    };
    let mut limits = Limits {
        states: num("states") as u32,
        instructions: num("instructions") as u64,
        local_steps: num("local_steps") as u32,
        branches_per_step: num("branches_per_step") as u32,
        goroutines: num(" goroutines") as u32,
        objects: num(" objects") as u32,
        depth: num("depth") as u32,
        max_size: num("max_size") as u32,
        max_int: num("max_int") as i32,
        elements: num("elements") as u32,
        alike: num("alike") as u32,
        ..Limits::default()
    };
    limits.objects_per_site = num("objects_per_site") as u32;
    limits.goroutines_per_site = num("goroutines_per_site") as u32;
    println!("{head}");
    let n = program.functions[root].n_params;
    let out = explore(&program, root, &vec![ArgSpec::Const(Const::Nil); n as usize], &limits);
    for l in &out.leaks {
        println!("{:#?}", l);
    }
    println!("{} {:?}", out.n_states, out.inconclusive);
}
