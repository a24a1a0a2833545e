use super::check;

#[test]
fn what_a_context_carries_is_handed_on() {
    check(
        r#"
type key struct{}
type operation struct { end context.CancelFunc }
func begin(parent context.Context) context.Context {
    ctx, cancel := context.WithCancel(parent)
    return context.WithValue(ctx, key{}, cancel)
}
func within(parent context.Context) context.Context {
    ctx, cancel := context.WithCancel(parent)
    return context.WithValue(ctx, key{}, &operation{cancel})
}
func finish(ctx context.Context) { ctx.Value(key{}).(*operation).end() }
func name(parent context.Context, fail bool) (context.Context, error) {
    ctx, cancel := context.WithCancel(parent)
                 //^^^^^^^ leak[lost-cancel]: `cancel` is not called when `name` returns
    if fail {
        return nil, errors.New("x")
    }
    return context.WithValue(ctx, key{}, cancel), nil
}
"#,
    );
}
