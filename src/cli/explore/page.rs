//! The page of the Explorer, which knows of a spec what is the same in all its states.

use quorate_checker::AnySpec;
use serde_json::{Value, json};

/// The page, in one piece: Stateright's server may forget one of several connections that a browser
/// opens at once.
pub fn html(spec: &dyn AnySpec) -> String {
    // The end of a script is the only thing that must not be in it.
    let told = about(spec).to_string().replace('<', "\\u003c");
    include_str!("ui/index.htm")
        .replace("{{style}}", include_str!("ui/app.css"))
        .replace("{{script}}", include_str!("ui/app.js"))
        .replace("{{spec}}", &told)
}

fn about(spec: &dyn AnySpec) -> Value {
    let properties: Vec<Value> = spec
        .properties()
        .iter()
        .map(|property| {
            json!({
                "name": property.name,
                "kind": property.kind,
                "temporal": property.kind.is_temporal(),
                "violation_expected": property.violation_expected,
            })
        })
        .collect();
    json!({
        "name": spec.name(),
        "summary": spec.summary(),
        "bounds": spec.bounds(),
        "directed": spec.is_directed(),
        "counts": spec.counts(),
        "properties": properties,
        "initial": spec.initial_view(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_of_the_spec_and_no_text_in_it_ends_the_script() {
        for spec in quorate_models::specs() {
            let page = html(&*spec);
            let (_, rest) =
                page.split_once("<script type=\"application/json\" id=\"spec\">").unwrap();
            let (told, _) = rest.split_once("</script>").unwrap();
            assert!(!told.contains('<'), "{told}");
            let told: Value = serde_json::from_str(told).unwrap();
            assert_eq!(told, about(&*spec));
            assert_eq!(told["name"], spec.name());
        }
    }
}
