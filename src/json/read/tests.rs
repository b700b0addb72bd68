use super::*;
use proptest::prelude::*;

fn same(text: &str) {
    let (ours, theirs) = (read(text), serde_json::from_str::<Json>(text));
    match theirs {
        // By text too: minus zero is equal to zero.
        Ok(json) => {
            let ours = ours.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(ours, json, "{text}");
            assert_eq!(ours.to_string(), json.to_string(), "{text}");
        }
        Err(_) => assert!(ours.is_err(), "{text}"),
    }
}

/// Of an `f64`, read as the standard library reads it.
fn exact(text: &str) {
    let number: f64 = text.parse().expect("a number");
    let ours = read(text).ok().and_then(|json| json.as_f64());
    let expected = number.is_finite().then_some(number.to_bits());
    assert_eq!(ours.map(f64::to_bits), expected, "{text}");
}

#[test]
fn what_serde_json_reads_is_read_and_nothing_else() {
    for text in [
        "null",
        "true",
        "false",
        " [ ] ",
        "{ }",
        "\t{\"a\" : [1 ,2,\n{\"b\":{}}] }\r",
        "\"\"",
        r#""a\"\\\/\b\f\n\r\té\u00e9\u0000\ud83d\ude00😀""#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"__proto__":{}}"#,
        "",
        " ",
        "nul",
        "nulll",
        "truefalse",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{,}",
        "[1}",
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u123g\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\n\"",
        "\"\\udc00\"",
        "\"\\ud83d\\ud83d\"",
        "\"\n\"",
        "\"\u{1f}\"",
        "\"\u{7f}\"",
        "1 2",
        "null x",
        "'a'",
        "\u{feff}1",
        "\u{a0}1",
        "NaN",
        "Infinity",
        "+1",
        "\u{e9}",
    ] {
        same(text);
    }
}

#[test]
fn numbers_have_the_forms_of_rfc_8259() {
    for text in [
        "0",
        "-0",
        "-0.0",
        "0e5",
        "-0e5",
        "1",
        "-1",
        "01",
        "-01",
        "00",
        ".5",
        "-.5",
        "5.",
        "5.e1",
        "1e",
        "1e+",
        "1e-",
        "-",
        "1.0",
        "1e0",
        "1E+2",
        "1e-2",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "9007199254740993",
        "1e308",
        "-1e308",
        "1e309",
        "-1e309",
        "1e999999999999999999999",
        "1e-999999999999999999999",
        "0e999999999999999999999",
        "0.0000000000000000000000000001",
        "1-",
        "1.2.3",
        "1e1e1",
        "0x10",
        "1_000",
    ] {
        same(text);
    }
}

#[test]
fn levels_are_counted_as_serde_json_counts_them() {
    for levels in [126, 127, 128, 129, 100_000] {
        let text = "[".repeat(levels) + &"]".repeat(levels);
        assert_eq!(read(&text).is_ok(), levels < 128, "{levels}");
        if levels < 1_000 {
            same(&text);
            same(&("{\"a\":".repeat(levels) + "1" + &"}".repeat(levels)));
        }
    }
}

#[test]
fn an_error_says_where() {
    let error = |text| read(text).unwrap_err().to_string();
    assert_eq!(
        error("{\n  \"a\": ?\n}"),
        "no JSON value at line 2, column 8"
    );
    assert_eq!(error("[1] 2"), "more after the end at line 1, column 5");
}

#[test]
fn numbers_between_two_others_go_to_the_closest() {
    for text in [
        // Half-way, beside half-way, and at the ends of what there is.
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740992.999999999999999999999",
        "9007199254740993.000000000000000000000000000001",
        "9007199254740995.0",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042879.9",
        "0.30000000000000004",
        "5e-324",
        "1e-400",
        "1e22",
        "1e23",
        "123456789012345678e-5",
        "8.5e-290",
        "1.0e309",
        "6.0221408571212345e23",
    ] {
        exact(text);
    }
    for ones in [760, 767, 799, 800, 801, 2_000] {
        for tail in ["", "0", "1"] {
            // Half of the smallest number has 752 digits, and so many zeros follow that it is a tie.
            let half = format!("{:.1075}", f64::from_bits(1) / 2.0);
            exact(&format!("0.{}{tail}", "1".repeat(ones)));
            exact(&(half + &"0".repeat(ones) + tail));
            exact(&format!("9007199254740993.{}{tail}", "0".repeat(ones)));
        }
    }
}

proptest! {
    #[test]
    fn every_number_comes_back_to_the_last_bit(bits in any::<u64>()) {
        let number = f64::from_bits(bits & !(1 << 63));
        if number.is_finite() {
            exact(&format!("{number:e}"));
            exact(&serde_json::to_string(&number).expect("a number"));
            // Between it and its neighbour.
            exact(&format!("{number:.25e}"));
        }
    }

    #[test]
    fn digits_go_to_what_is_closest(digits in "[1-9][0-9]{0,40}", point in 0_usize..40, exponent in -345_i32..330) {
        let point = point.clamp(1, digits.len());
        let (whole, rest) = digits.split_at(point);
        exact(&format!("{whole}.{rest}0e{exponent}"));
        exact(&format!("{whole}.{rest}0"));
    }

    #[test]
    fn texts_are_read_as_serde_json_reads_them(text in "[\\[\\]{}:, \"\\\\u0-9a-f.eE+-]{0,12}") {
        same(&text);
    }

    #[test]
    fn strings_come_back(string in any::<String>()) {
        let text = serde_json::to_string(&string).expect("a text");
        prop_assert_eq!(read(&text), Ok(Json::String(string)));
    }
}
