//! The page of the Explorer, which knows of a spec what is the same in all its states.

use quorate_checker::AnySpec;
use serde_json::{Value, json};

/// Where in the page the spec is told, as JSON.
const SPEC: &str = "{{spec}}";

/// The files of the page by the names under which they are served.
pub fn files(spec: &dyn AnySpec) -> [(&'static str, String); 3] {
    // The end of a script is the only thing that must not be in it.
    let told = about(spec).to_string().replace('<', "\\u003c");
    [
        ("index.htm", include_str!("ui/index.htm").replace(SPEC, &told)),
        ("app.css", include_str!("ui/app.css").to_owned()),
        ("app.js", include_str!("ui/app.js").to_owned()),
    ]
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
            let [(_, page), ..] = files(&*spec);
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
