//! What stands around every handler: the number of the request, host and origin, credentials, rights, and counting.

use crate::answers;
use crate::auth::Right;
use crate::bodies::Bounded;
use crate::error::ApiError;
use crate::hub::Hub;
use crate::listen::Held;
use crate::request::{Peer, REQUEST, Request};
use crate::routes::App;
use crate::settings::ANONYMOUS_BODY_BYTES;
use crate::unread;
use crate::ws::Restored;
use axum::Router;
use axum::extract::{MatchedPath, Query, Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Longest correlation id that is taken over from a client.
const CORRELATION_BYTES: usize = 128;
/// Most of a reason that is taken over into a refusal, bytes.
const REASON_BYTES: usize = 4096;
/// Paths that answer whoever asks, whatever credentials stand in the request: the probes, and where credentials are got.
const OPEN: [&str; 4] = ["/health", "/auth/login", "/auth/refresh", "/auth/token"];

/// A handler that needs a right.
pub(crate) fn guarded(handler: MethodRouter<App>, needs: Option<Right>) -> MethodRouter<App> {
    let Some(right) = needs else { return handler };
    handler.route_layer(from_fn(move |request: HttpRequest, next: Next| async move {
        let allowed = REQUEST.try_with(|request| request.identity.require(right));
        match allowed {
            Ok(Ok(())) => next.run(request).await,
            Ok(Err(refusal)) => refusal.into_response(),
            Err(_) => ApiError::internal("the request has no context").into_response(),
        }
    }))
}

/// The router with everything around it.
pub(crate) fn around(router: Router<App>, hub: Arc<Hub>) -> Router {
    router
        .fallback(|uri: Uri| async move { ApiError::not_found(format!("nothing is served at {}", uri.path())) })
        .method_not_allowed_fallback(|method: Method, uri: Uri| async move {
            let what = format!("{} does not take {method}", uri.path());
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", what)
        })
        .layer(from_fn_with_state(hub.clone(), enter))
        .with_state(hub)
}

/// Gives the request its context, refuses what must not come in, and counts.
async fn enter(State(hub): State<Arc<Hub>>, mut request: HttpRequest, next: Next) -> Response {
    hub.meters.requests.one();
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let under_way = hub.meters.http.begin(request.method(), route);
    let headers = request.headers();
    let correlation_id = correlation_id(headers);
    let peer = request.extensions().get::<Peer>().cloned().unwrap_or(Peer::Unix { uid: u32::MAX });
    let mut context = Request { correlation_id, identity: crate::auth::Identity::anonymous(), peer: peer.clone() };
    let token = of_query(request.uri(), "token");
    let path = request.uri().path().trim_start_matches("/api/v1");
    let open = OPEN.iter().any(|open| path.starts_with(open));
    let mut restored = None;
    let allowed = admitted(&hub, &peer, headers, request.method()).and_then(|()| {
        if open {
            return Ok(crate::auth::Identity::anonymous());
        }
        // A token that is not good any more means a session that begins anew, with the credentials that it has.
        restored = session_of(&hub, request.uri());
        match &restored {
            Some(restored) => Ok(restored.identity.clone()),
            None => hub.auth.identify(&peer, headers, token.as_deref()),
        }
    });
    let refusal = match allowed {
        Ok(identity) => {
            context.identity = identity;
            None
        }
        Err(refusal) => {
            if !matches!(refusal.code, "UNAUTHORIZED" | "FORBIDDEN" | "UNKNOWN_HOST") {
                hub.meters.bad_credentials.one();
            }
            Some(refusal)
        }
    };
    if let Some(restored) = restored {
        request.extensions_mut().insert(restored);
    }
    let anonymous = context.identity.user.is_none();
    // Probes and logging in are for everybody at any time, and short.
    let place = match request.extensions().get::<Held>() {
        Some(held) if anonymous && !open && refusal.is_none() => held.without_credentials(),
        _ => Ok(None),
    };
    let no_place = place.is_err();
    let (place, refusal) = match place {
        Ok(place) => (place.map(Arc::new), refusal),
        Err(why) => (None, Some(why)),
    };
    if let Some(place) = &place {
        request.extensions_mut().insert(place.clone());
    }
    let correlation = HeaderValue::from_str(&context.correlation_id);
    let answer = REQUEST.scope(context.clone(), answered(&hub, anonymous, request, next, refusal)).await;
    let counted = answers::counted(&hub.answers, anonymous, place, answer);
    let mut response = REQUEST.scope(context, counted).await;
    if no_place {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if response.status().as_u16() >= 400 {
        hub.meters.refused.one();
    }
    under_way.end(response.status().as_u16());
    if let Ok(correlation) = correlation {
        response.headers_mut().insert("x-correlation-id", correlation);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The answer of a handler, or a refusal, when its sender can read it.
async fn answered(
    hub: &Hub,
    anonymous: bool,
    mut request: HttpRequest,
    next: Next,
    refusal: Option<ApiError>,
) -> Response {
    let waits = request.headers().contains_key(header::EXPECT);
    // What the handler reads is held until it has answered, and longer if it keeps the charge.
    request.extensions_mut().insert(Arc::new(hub.bodies.charge(anonymous)));
    let (parts, body) = request.into_parts();
    let most = if anonymous { ANONYMOUS_BODY_BYTES } else { usize::MAX };
    let body = Bounded::new(body, most, hub.settings.pace);
    let fault = body.fault();
    let (body, unread) = unread::watch(body, waits);
    let response = match refusal {
        Some(refusal) => refusal.into_response(),
        None => shaped(next.run(HttpRequest::from_parts(parts, body)).await).await,
    };
    if response.status().as_u16() < 400 {
        return response;
    }
    // Handlers know only that the body broke off.
    let response = fault.get().cloned().map_or(response, ApiError::into_response);
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        return ([(header::CONNECTION, "close")], response).into_response();
    }
    if let Some(unread) = unread {
        unread.discard();
    }
    response
}

/// Gives a refusal that did not come from a handler, such as that of a path or a query that cannot be read, the shape of
/// all refusals.
async fn shaped(response: Response) -> Response {
    let status = response.status();
    let json = HeaderValue::from_static("application/json");
    if status.as_u16() < 400 || response.headers().get(header::CONTENT_TYPE) == Some(&json) {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::PAYLOAD_TOO_LARGE => "TOO_LARGE",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UNSUPPORTED_MEDIA_TYPE",
        StatusCode::UNPROCESSABLE_ENTITY => "VALIDATION_ERROR",
        _ if status.is_server_error() => "INTERNAL",
        _ => "BAD_REQUEST",
    };
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, REASON_BYTES).await.unwrap_or_default();
    let reason = String::from_utf8_lossy(&text);
    let message = if reason.is_empty() { status.canonical_reason().unwrap_or_default() } else { reason.as_ref() };
    let mut shaped = ApiError::new(status, code, message).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            shaped.headers_mut().append(name, value.clone());
        }
    }
    shaped
}

/// Refuses requests that a foreign web page has sent, or that a foreign name has led here.
fn admitted(hub: &Hub, peer: &Peer, headers: &HeaderMap, method: &Method) -> Result<(), ApiError> {
    if let Peer::Tcp { .. } = peer {
        let mut named = headers.get_all(header::HOST).iter();
        let host = named.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        if named.next().is_some() || !is_our_host(&hub.settings.hosts, host) {
            let what = format!("the host {host:?} is not one of this server; see server.hosts");
            return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, "UNKNOWN_HOST", what));
        }
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let reads = matches!(*method, Method::GET | Method::HEAD) && !headers.contains_key(header::UPGRADE);
    if reads || is_our_origin(hub, origin) {
        return Ok(());
    }
    Err(ApiError::forbidden(format!("the origin {origin:?} is not allowed; see server.origins")))
}

/// An address, `localhost`, or a name of the settings; with any port. Names that resolve to this host by another's will
/// are none of these.
fn is_our_host(hosts: &[String], host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok()
        || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_our_origin(hub: &Hub, origin: &str) -> bool {
    if hub.settings.origins.iter().any(|known| known.eq_ignore_ascii_case(origin)) {
        return true;
    }
    // The pages that this server itself could have given out.
    let own = origin.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
    own.is_some_and(|(_, host)| {
        hub.settings.listen.iter().any(|address| {
            host.eq_ignore_ascii_case(&address.to_string())
                || host.eq_ignore_ascii_case(&format!("localhost:{}", address.port())) && address.ip().is_loopback()
        })
    })
}

/// What the client gave, when it is short and harmless, or a new one.
fn correlation_id(headers: &HeaderMap) -> String {
    let given = headers.get("x-correlation-id").and_then(|id| id.to_str().ok());
    given
        .filter(|id| !id.is_empty() && id.len() <= CORRELATION_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic()))
        .map_or_else(crate::random::uuid, str::to_owned)
}

/// The session that a client comes back to, with the rights that the client has now.
fn session_of(hub: &Hub, uri: &Uri) -> Option<Restored> {
    let token = of_query(uri, "reconnection_token")?;
    let restored = hub.tokens.redeem(&token, Instant::now())?;
    hub.auth.now(&restored.identity).map(|identity| restored.of(identity))
}

/// A parameter in the query of the address of a WebSocket; none when it is empty.
fn of_query(uri: &Uri, name: &str) -> Option<String> {
    if uri.path() != "/ws" {
        return None;
    }
    let Query(mut pairs) = Query::<HashMap<String, String>>::try_from_uri(uri).ok()?;
    pairs.remove(name).filter(|value| !value.is_empty())
}
