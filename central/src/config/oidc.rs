//! `[oidc]`: signing in with the organisation's own sign-in.

use super::path;
use crate::role::Role;
use chuangming_domain::fields::{Fields, Reader};
use chuangming_domain::id::HallId;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use url::Url;

/// An OpenID Connect provider, and what its people may do here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcConfig {
    /// `issuer = "https://sso.example.org"`: plain HTTP on loopback only.
    pub issuer: Url,
    /// `client_id`: how central is known there.
    pub client_id: String,
    /// `client_secret_file`: its first line is the secret.
    pub client_secret_file: PathBuf,
    /// `redirect_url = "https://central.example.org/api/v1/session/oidc/callback"`: as it is registered there.
    pub redirect_url: Url,
    /// `name`: what the button on the sign-in page says.
    pub name: String,
    /// `scopes = ["profile"]`: asked for beside `openid`.
    pub scopes: Vec<String>,
    /// `claim = "groups"`: the claim whose values decide the role.
    pub claim: String,
    /// `ca_file`: PEM file that vouches for the provider, where the system's own certificates do not.
    pub ca_file: Option<PathBuf>,
    /// `[[oidc.roles]] value, role, halls`: the first that somebody's claim holds decides; without any, nobody gets in.
    pub roles: Vec<RoleRule>,
}

/// What a value of the claim stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// The value.
    pub value: String,
    /// The role.
    pub role: Role,
    /// The halls; `None` is every hall.
    pub halls: Option<Vec<HallId>>,
}

const CALLBACK: &str = "/api/v1/session/oidc/callback";

impl OidcConfig {
    pub(super) fn read(mut f: Fields, r: &mut Reader, base: &Path) -> Option<Self> {
        let issuer =
            f.require(r, "issuer", "an address such as \"https://sso.example.org\"", |v| web(v.as_str()?));
        let client_id =
            f.require(r, "client_id", "a text", |v| v.as_str().filter(|t| !t.is_empty()).map(Into::into));
        let client_secret_file = f.require(r, "client_secret_file", "a file", |v| path(v, base));
        let wish = format!("this central's own address with the path {CALLBACK}");
        let redirect_url =
            f.require(r, "redirect_url", &wish, |v| web(v.as_str()?).filter(|url| url.path() == CALLBACK));
        let name = f.text(r, "name").unwrap_or_else(|| "OpenID Connect".to_owned());
        let scopes = f.texts(r, "scopes").unwrap_or_else(|| vec!["profile".to_owned()]);
        let claim = f.text(r, "claim").unwrap_or_else(|| "groups".to_owned());
        let ca_file = f.get(r, "ca_file", "a PEM file", |v| path(v, base));
        let place = f.name("roles");
        let roles: Vec<_> = f.tables(r, "roles").into_iter().filter_map(|f| RoleRule::read(f, r)).collect();
        f.end(r);
        if roles.is_empty() {
            r.problem(place, "is missing, expected at least one [[oidc.roles]] with value, role and halls");
        }
        Some(Self {
            issuer: issuer?,
            client_id: client_id?,
            client_secret_file: client_secret_file?,
            redirect_url: redirect_url?,
            name,
            scopes,
            claim,
            ca_file,
            roles,
        })
    }

    /// What somebody may do whose claim holds these values: the role of the first rule that fits, in the halls of all
    /// the rules with that role that fit. `None`: nothing.
    #[must_use]
    pub fn role_of(&self, values: &[String]) -> Option<(Role, Option<Vec<HallId>>)> {
        let mut fitting = self.roles.iter().filter(|rule| values.contains(&rule.value)).peekable();
        let role = fitting.peek()?.role;
        let mut halls = Some(Vec::new());
        for rule in fitting.filter(|rule| rule.role == role) {
            halls = halls.zip(rule.halls.as_ref()).map(|(mut all, more): (Vec<HallId>, _)| {
                all.extend(more.iter().cloned());
                all
            });
        }
        if let Some(halls) = &mut halls {
            halls.sort_unstable();
            halls.dedup();
        }
        Some((role, halls))
    }
}

impl RoleRule {
    fn read(mut f: Fields, r: &mut Reader) -> Option<Self> {
        let value = f.require(r, "value", "a text", |v| v.as_str().filter(|t| !t.is_empty()).map(Into::into));
        let place = f.name("role");
        let role: Option<Role> = f.parsed(r, "role");
        let names = f.texts(r, "halls");
        let all = f.flag(r, "all_halls").unwrap_or(false);
        let halls_place = f.name("halls");
        f.end(r);
        if role.is_none() {
            r.problem(place, "is missing, expected center_head, staff, installer, auditor or administrator");
        }
        let halls = match (names, all) {
            (None, true) => None,
            (Some(names), false) if !names.is_empty() => {
                let halls: Result<Vec<HallId>, _> = names.iter().map(|name| name.parse()).collect();
                match halls {
                    Ok(halls) => Some(halls),
                    Err(error) => {
                        r.problem(halls_place, error.to_string());
                        return None;
                    }
                }
            }
            _ => {
                r.problem(halls_place, "expected a list of halls, or all_halls = true");
                return None;
            }
        };
        Some(Self { value: value?, role: role?, halls })
    }
}

/// HTTPS, or plain HTTP on this machine.
fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let here = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    (url.scheme() == "https" || url.scheme() == "http" && here).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        issuer = "https://sso.example.org"
        client_id = "central"
        client_secret_file = "secret"
        redirect_url = "https://central.example.org/api/v1/session/oidc/callback"
        [[roles]]
        value = "heads-tanggu"
        role = "center_head"
        halls = ["tanggu"]
        [[roles]]
        value = "heads-hangu"
        role = "center_head"
        halls = ["hangu", "tanggu"]
        [[roles]]
        value = "district"
        role = "auditor"
        all_halls = true
    "#;

    fn read(text: &str) -> Result<OidcConfig, String> {
        let mut r = Reader::new("c.toml");
        let config = r
            .parse(text)
            .and_then(|table| OidcConfig::read(Fields::at("oidc", table), &mut r, Path::new("")));
        r.finish(config).map_err(|problems| problems.to_string())
    }

    #[test]
    fn values_become_roles() {
        let config = read(GOOD).unwrap();
        let check = |values: &[&str], expected: Option<(Role, Option<&[&str]>)>| {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            let halls =
                |halls: &[&str]| halls.iter().map(|hall| HallId::new(*hall).unwrap()).collect::<Vec<_>>();
            let expected = expected.map(|(role, names)| (role, names.map(halls)));
            assert_eq!(config.role_of(&values), expected, "{values:?}");
        };
        check(&[], None);
        check(&["cleaners"], None);
        check(&["cleaners", "heads-tanggu"], Some((Role::CenterHead, Some(&["tanggu"]))));
        check(&["heads-hangu", "heads-tanggu"], Some((Role::CenterHead, Some(&["hangu", "tanggu"]))));
        check(&["district", "heads-tanggu"], Some((Role::CenterHead, Some(&["tanggu"]))));
        check(&["district"], Some((Role::Auditor, None)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(read(GOOD).unwrap().scopes, ["profile"]);
        for (from, to, part) in [
            ("https://sso.example.org", "http://sso.example.org", "oidc.issuer: is"),
            ("/api/v1/session/oidc/callback", "/elsewhere", "with the path /api/v1/session/oidc/callback"),
            ("client_id = \"central\"", "", "oidc.client_id: is missing"),
            ("\"center_head\"", "\"boss\"", "is no role"),
            ("halls = [\"tanggu\"]", "", "expected a list of halls, or all_halls"),
            ("[\"tanggu\"]", "[\"A\"]", "is no hall id"),
        ] {
            let wrong = read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(wrong.contains(part), "{from}: {wrong}");
        }
        let without = GOOD.split("[[roles]]").next().unwrap();
        assert!(read(without).unwrap_err().contains("at least one [[oidc.roles]]"));
    }
}
