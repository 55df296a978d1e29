//! The OpenAPI document, made from the table of routes.

use crate::auth::Right;
use crate::rest::BASE;
use crate::rest::answer::Meta;
use crate::routes::{self, Gives, Route, Takes, Verb};
use ng_core::guard::RULES;
use ng_core::registry::MODULES;
use ng_wire::Role;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What every refusal carries; the same facts in each of the places where clients look for them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Refusal")]
struct Refusal {
    /// False.
    #[schemars(extend("const" = false))]
    success: bool,
    error: Fault,
    meta: Meta,
    /// Stable code.
    error_code: String,
    /// What was wrong and what was expected.
    message: String,
    /// Further facts.
    details: Map<String, Value>,
    /// The message again.
    detail: String,
}

#[derive(Serialize, JsonSchema)]
struct Fault {
    /// Stable code.
    code: String,
    /// What was wrong and what was expected.
    message: String,
    /// Further facts.
    details: Map<String, Value>,
}

/// The document.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(build);
    &DOCUMENT
}

fn build() -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let mut gives =
        settings().for_serialize().with(|s| s.definitions_path = "/components/schemas".into()).into_generator();
    // What is read and what is written of a type may differ, so only one of them can have its name.
    let mut takes = settings().with(|settings| settings.inline_subschemas = true).into_generator();
    let refusal = json!(gives.subschema_for::<Refusal>());
    let mut paths: Map<String, Value> = Map::new();
    for route in routes::all() {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[verb(route)] = operation(route, &mut gives, &mut takes, &refusal);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "neurograph",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT", "identifier": "MIT" },
            "description": "Processes of the engine's own user are admin on the Unix socket, without credentials.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": gives.take_definitions(true),
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An access token or an API key." },
                "api_key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
        },
    })
}

fn verb(route: &Route) -> &'static str {
    match route.verb {
        Verb::Get => "get",
        Verb::Put => "put",
        Verb::Post => "post",
        Verb::Delete => "delete",
    }
}

fn operation(route: &Route, gives: &mut SchemaGenerator, takes: &mut SchemaGenerator, refusal: &Value) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [tag(route)],
        "parameters": parameters(route, takes),
        "responses": responses(route, gives, refusal),
        "security": security(route.needs),
    });
    if let Some(body) = body(&route.takes, takes) {
        operation["requestBody"] = json!({ "required": true, "content": body });
    }
    operation
}

/// The path without slashes; paths outside the base begin with `root`.
fn operation_id(route: &Route) -> String {
    let (place, path) = match route.path.strip_prefix(BASE) {
        Some(path) => ("", path),
        None => ("_root", route.path),
    };
    let words: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let words: Vec<&str> = words.split('_').filter(|word| !word.is_empty()).collect();
    format!("{}{place}_{}", verb(route), words.join("_")).trim_end_matches('_').to_owned()
}

fn tag(route: &Route) -> &'static str {
    let path = route.path.strip_prefix(BASE).unwrap_or(route.path);
    path.split('/').nth(1).unwrap_or("api")
}

/// Parameters of the path, and those that the schema of the query names.
fn parameters(route: &Route, takes: &mut SchemaGenerator) -> Vec<Value> {
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut all: Vec<Value> = in_path
        .map(|name| {
            let schema = match name {
                "seq" => json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }),
                "id" if route.path.contains("/modules/") => one_of(MODULES.iter().map(|module| module.id)),
                "rule" => one_of(RULES.iter().map(|rule| rule.name)),
                "pattern" => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
                _ => json!({ "type": "string", "minLength": 1 }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    let Some(query) = route.query.map(|query| json!(query(takes))) else { return all };
    let required = |name: &str| query["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    for (name, schema) in query["properties"].as_object().into_iter().flatten() {
        let mut schema = schema.clone();
        let members = schema.as_object_mut().expect("properties are objects");
        let place = members.remove("in").unwrap_or(json!("query"));
        let description = members.remove("description").unwrap_or(json!(""));
        without_null(members);
        all.push(json!({
            "name": name, "in": place, "required": required(name), "description": description, "schema": schema,
        }));
    }
    all
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": names.collect::<Vec<_>>() })
}

/// A parameter is absent, never null.
fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
    }
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
}

fn body(what: &Takes, takes: &mut SchemaGenerator) -> Option<Value> {
    let mut content = Map::new();
    match what {
        Takes::Nothing => return None,
        Takes::Json(schema) => {
            content.insert("application/json".into(), json!({ "schema": schema(takes) }));
        }
        Takes::Media(kinds) => {
            content.extend(kinds.iter().map(|(name, schema)| ((*name).into(), json!({ "schema": schema(takes) }))));
        }
    }
    Some(Value::Object(content))
}

fn responses(route: &Route, gives: &mut SchemaGenerator, refusal: &Value) -> Value {
    let mut content = Map::new();
    let mut text = |name: &str| content.insert(name.into(), json!({ "schema": { "type": "string" } }));
    let schema = match route.gives {
        Gives::Nothing => None,
        Gives::Text(name) => {
            text(name);
            None
        }
        Gives::Json(schema) => Some(schema),
        Gives::TextOrJson(names, schema) => {
            names.iter().for_each(|name| drop(text(name)));
            Some(schema)
        }
    };
    if let Some(schema) = schema {
        content.insert("application/json".into(), json!({ "schema": schema(gives) }));
    }
    let mut success = json!({ "description": route.summary });
    if !content.is_empty() {
        success["content"] = Value::Object(content);
    }
    let mut all = json!({ route.status.to_string(): success });
    // A path or query that cannot be read, and a host that is not ours, are refused before any handler; a connection without
    // a place is refused before any request, and a body too.
    let usual = [400, 401, 403, 421, 429, 500, 503];
    let of_body: &[u16] = if matches!(route.takes, Takes::Nothing) { &[] } else { &[408, 413] };
    for status in usual.iter().chain(of_body).chain(route.refusals).copied().collect::<BTreeSet<u16>>() {
        let reason = axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        all[status.to_string()] = json!({
            "description": reason.unwrap_or("Refused"),
            "content": { "application/json": { "schema": refusal } },
        });
    }
    all
}

/// Either kind of credentials; none too, where everybody may.
fn security(needs: Option<Right>) -> Value {
    match needs {
        None => json!([]),
        Some(right) if right.granted_to(Role::Anonymous) => json!([{ "bearer": [] }, { "api_key": [] }, {}]),
        Some(_) => json!([{ "bearer": [] }, { "api_key": [] }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;
    use axum::response::IntoResponse;

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let operations = routes::all().map(operation_id);
        let mut seen = BTreeSet::new();
        for id in operations {
            assert!(seen.insert(id.clone()), "{id} twice");
        }
        assert!(seen.contains("put_modules_id_enabled") && seen.contains("get_root_health"), "{seen:?}");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn follow(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(members) => {
                    found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    members.values().for_each(|member| follow(member, found));
                }
                Value::Array(elements) => elements.iter().for_each(|element| follow(element, found)),
                _ => {}
            }
        }
        let mut references = Vec::new();
        follow(document(), &mut references);
        assert!(!references.is_empty());
        for reference in references {
            assert!(document().pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }

    #[tokio::test]
    async fn refusals_have_the_members_of_their_schema() {
        let response = ApiError::rate_limited("later", 2.0).into_response();
        let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let schema = &document()["components"]["schemas"]["Refusal"];
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&body), names(&schema["properties"]));
    }
}
