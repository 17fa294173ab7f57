//! What each command does, and what it is on the disk.

use super::*;

fn texts(keys: &[&str]) -> Vec<Text> {
    keys.iter().map(|key| Text::from(*key)).collect()
}

fn put_if(key: &str, exists: bool) -> Command {
    Command::PutIf { key: key.into(), value: "x".into(), exists }
}

fn exchange(key: &str, value: &str, exists: Option<bool>) -> Command {
    Command::Exchange { key: key.into(), value: value.into(), exists }
}

#[test]
fn a_condition_decides_and_the_answer_says_what_was_there() {
    let mut kv = Kv::default();
    let value = |value: Option<&str>| Output::Value(value.map(Text::from));
    for (command, output) in [
        (put_if("a", true), Output::Tested { stored: false }),
        (put_if("a", false), Output::Tested { stored: true }),
        (put_if("a", false), Output::Tested { stored: false }),
        (put_if("a", true), Output::Tested { stored: true }),
        (exchange("a", "y", None), value(Some("x"))),
        (exchange("a", "z", Some(false)), value(Some("y"))),
        (get("a"), value(Some("y"))),
        (exchange("a", "z", Some(true)), value(Some("y"))),
        (exchange("b", "z", Some(true)), value(None)),
        (exchange("b", "z", Some(false)), value(None)),
        (get("b"), value(Some("z"))),
    ] {
        assert_eq!(kv.apply(&command), output, "{command:?}");
    }
}

#[test]
fn several_keys_are_read_counted_and_removed_at_once() {
    let mut kv = Kv::default();
    kv.apply(&put("a", "one"));
    kv.apply(&put("b", "three"));
    let keys = texts(&["b", "none", "b"]);
    let (three, count) = (Some(Text::from("three")), Command::Count { keys: keys.clone() });
    let read = Command::GetAll { keys: keys.clone() };
    assert_eq!(kv.read(&read), Output::Values(vec![three.clone(), None, three]));
    assert_eq!(kv.apply(&count), Output::Number(2));
    assert_eq!(kv.read(&Command::Length { key: "b".into() }), Output::Number(5));
    assert_eq!(kv.read(&Command::Length { key: "none".into() }), Output::Number(0));
    assert_eq!(kv.apply(&Command::DeleteAll { keys }), Output::Number(1));
    assert_eq!(kv.apply(&count), Output::Number(0));
    let long = Text::from(&*vec![0; VALUE_MAX]);
    kv.apply(&Command::Put { key: "long".into(), value: long });
    let twice = Command::GetAll { keys: texts(&["long", "long"]) };
    assert!(matches!(kv.read(&twice), Output::Values(_)));
    let more = Command::GetAll { keys: texts(&["long", "a", "long"]) };
    assert_eq!(kv.read(&more), Output::Refused(Refused::TooLong));
}

#[test]
fn only_a_number_that_is_written_as_one_is_added_to() {
    let mut kv = Kv::default();
    let add = |kv: &mut Kv, by| kv.apply(&Command::Add { key: "n".into(), by });
    assert_eq!(add(&mut kv, 5), Output::Number(5));
    assert_eq!(add(&mut kv, -7), Output::Number(-2));
    assert_eq!(add(&mut kv, i64::MIN), Output::Refused(Refused::Overflow));
    assert_eq!(kv.apply(&get("n")), Output::Value(Some("-2".into())));
    for wrong in ["", "+1", "01", "-0", " 1", "1 ", "1.0", "x", "9223372036854775808"] {
        kv.apply(&put("n", wrong));
        assert_eq!(add(&mut kv, 1), Output::Refused(Refused::NoNumber), "{wrong:?}");
        assert_eq!(kv.apply(&get("n")), Output::Value(Some(wrong.into())));
    }
}

#[test]
fn a_value_grows_up_to_the_limit() {
    let mut kv = Kv::default();
    let append =
        |length| Command::Append { key: "a".into(), value: Text::from(&*vec![b'x'; length]) };
    assert_eq!(kv.apply(&append(0)), Output::Number(0));
    assert_eq!(kv.apply(&append(3)), Output::Number(3));
    let rest = VALUE_MAX - 3;
    assert_eq!(kv.apply(&append(rest)), Output::Number(VALUE_MAX as i64));
    assert_eq!(kv.apply(&append(1)), Output::Refused(Refused::TooLong));
    assert_eq!(kv.read(&Command::Length { key: "a".into() }), Output::Number(VALUE_MAX as i64));
}

#[test]
fn what_older_builds_wrote_is_read_as_they_meant_it() {
    let bytes = |command: &Command| postcard::to_allocvec(command).unwrap();
    assert_eq!(bytes(&put("k", "v")), [0, 1, b'k', 1, b'v']);
    assert_eq!(bytes(&get("k")), [1, 1, b'k']);
    assert_eq!(bytes(&Command::Delete { key: "k".into() }), [3, 1, b'k']);
    let output = |output: &Output| postcard::to_allocvec(output).unwrap();
    assert_eq!(output(&Output::Deleted { existed: true }), [4, 1]);
    assert_eq!(output(&Output::Stored), [0]);
}

fn batch(commands: &[Single], whole: bool) -> Command {
    Command::Batch(Batch { commands: commands.to_vec(), whole })
}

fn single_put(key: &str, value: &[u8]) -> Single {
    Command::Put { key: key.into(), value: value.into() }
}

fn single_get(key: &str) -> Single {
    Command::Get { key: key.into() }
}

#[test]
fn several_keys_are_set_at_once_or_none_is() {
    let mut kv = Kv::default();
    let put_all = |pairs: &[(&str, &str)], if_absent| {
        let pairs = pairs.iter().map(|(key, value)| (Text::from(*key), Text::from(*value)));
        Command::PutAll { pairs: pairs.collect(), if_absent }
    };
    let all = put_all(&[("a", "1"), ("b", "2"), ("a", "3")], false);
    assert_eq!(kv.apply(&all), Output::Stored);
    assert_eq!(kv.apply(&get("a")), Output::Value(Some("3".into())));
    let some = put_all(&[("c", "1"), ("b", "4")], true);
    assert_eq!(kv.apply(&some), Output::Tested { stored: false });
    assert_eq!(kv.apply(&get("c")), Output::Value(None));
    let none = put_all(&[("c", "1"), ("d", "4")], true);
    assert_eq!(kv.apply(&none), Output::Tested { stored: true });
    assert_eq!(kv.apply(&get("d")), Output::Value(Some("4".into())));
}

#[test]
fn a_batch_does_in_turn_what_its_commands_do() {
    let mut kv = Kv::default();
    let add = Command::Add { key: "n".into(), by: 1 };
    let all = [single_put("n", b"1"), add.clone(), single_get("n"), add];
    let value = Output::Value(Some("2".into()));
    let outputs = vec![Output::Stored, Output::Number(2), value.clone(), Output::Number(3)];
    for whole in [false, true] {
        let command = batch(&all, whole);
        assert!(!Kv::is_read_only(&command));
        assert_eq!(kv.apply(&command), Output::Batch(outputs.clone()));
    }
    kv.apply(&put("n", "2"));
    let reads = batch(&[single_get("n"), single_get("none")], false);
    assert!(Kv::is_read_only(&reads));
    let outputs = Output::Batch(vec![value, Output::Value(None)]);
    assert_eq!((kv.read(&reads), kv.apply(&reads)), (outputs.clone(), outputs));
    assert_eq!(kv.apply(&batch(&[], true)), Output::Batch(vec![]));
}

#[test]
fn a_batch_ends_or_refuses_where_its_answers_would_be_too_long() {
    let mut kv = Kv::default();
    let long = vec![b'x'; VALUE_MAX];
    kv.apply(&Command::Put { key: "long".into(), value: Text::from(&*long) });
    let returned = |kv: &mut Kv, command: &Command| match kv.apply(command) {
        Output::Batch(outputs) => outputs,
        other => panic!("{other:?}"),
    };
    let reads = [single_get("long"), single_get("none"), single_get("long"), single_get("none")];
    // Two have no room with what counts beside them.
    assert_eq!(returned(&mut kv, &batch(&reads, false)).len(), 2);
    let outputs = returned(&mut kv, &batch(&reads, true));
    assert_eq!(
        outputs[1..],
        [Output::Value(None), Output::Refused(Refused::TooLong), Output::Value(None),]
    );
    // The first has room whatever it is; what its answer leaves no room for does not happen.
    let exchange =
        |value: &str| Command::Exchange { key: "long".into(), value: value.into(), exists: None };
    let both = [exchange("y"), single_put("a", b"1"), single_get("a"), single_put("a", b"2")];
    assert_eq!(returned(&mut kv, &batch(&both, false)).len(), 2);
    assert_eq!(kv.apply(&get("a")), Output::Value(Some("1".into())));
    kv.apply(&Command::Put { key: "long".into(), value: Text::from(&*long) });
    let puts = [single_put("a", b"1"), exchange("y"), single_put("a", b"2")];
    assert_eq!(returned(&mut kv, &batch(&puts, false)), [Output::Stored]);
    assert_eq!(kv.apply(&Command::Length { key: "long".into() }), Output::Number(1 << 20));
    assert_eq!(returned(&mut kv, &batch(&puts, true)).len(), 3);
    assert_eq!(kv.apply(&get("long")), Output::Value(Some("y".into())));
    // What returns no value always has room.
    kv.apply(&Command::Put { key: "long".into(), value: Text::from(&*long) });
    let full = [single_get("long"), single_get("long"), single_put("a", b"3")];
    let stored = returned(&mut kv, &batch(&full, true)).pop();
    assert_eq!(stored, Some(Output::Stored));
}

#[test]
fn a_batch_has_no_batch_in_it() {
    let bytes = |command: &Command| postcard::to_allocvec(command).unwrap();
    let one = batch(&[single_get("k")], false);
    assert_eq!(bytes(&one), [13, 1, 1, 1, b'k', 0]);
    assert_eq!(postcard::from_bytes::<Command>(&bytes(&one)).unwrap(), one);
    let mut deep = vec![0; 100_000];
    deep.chunks_mut(2).for_each(|level| level.copy_from_slice(&[13, 1]));
    assert!(postcard::from_bytes::<Command>(&deep).is_err());
}
