"""Leg A with PyPI requests-oauth2client, documented options only.

Reads one JSON line from stdin ({"portal", "service", "person"}), answers with one on stdout.
"""

import json
import sys
import time

import requests
from jwskate import Jwk
from requests_oauth2client import ApiClient, DPoPKey, OAuth2Client, PrivateKeyJwt

REDIRECT = "http://localhost:9/callback"


def check_id_token(id_token, client, request) -> None:
    key = client.authorization_server_jwks.get_jwk_by_kid(id_token.headers["kid"])
    if not id_token.verify_signature(key, alg="ES256"):
        sys.exit("the ID Token's signature is wrong")
    claims = id_token.claims
    expected = {"iss": client.issuer, "aud": client.client_id, "nonce": request.nonce}
    if any(claims[name] != value for name, value in expected.items()) or claims["exp"] <= time.time():
        sys.exit(f"the ID Token's claims are wrong: {claims}")


def main() -> None:
    world = json.loads(sys.stdin.readline())
    portal = world["portal"]
    discovery = requests.get(f"{portal}/.well-known/openid-configuration", timeout=10).json()

    key = Jwk.generate(alg="ES256").with_kid_thumbprint()
    registered = requests.post(
        discovery["registration_endpoint"],
        json={
            "client_name": "requests-oauth2client",
            "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [key.public_jwk().to_dict()]},
        },
        timeout=10,
    )
    registered.raise_for_status()

    client = OAuth2Client.from_discovery_endpoint(
        issuer=portal,
        # FAPI 2.0: the audience is the issuer, not the endpoint.
        auth=PrivateKeyJwt(registered.json()["client_id"], key, alg="ES256", aud=discovery["issuer"]),
        redirect_uri=REDIRECT,
        id_token_signed_response_alg="ES256",
        dpop_bound_access_tokens=True,
        testing=True,  # plain http on loopback
    )
    request = client.authorization_request(
        scope="openid user_status documents",
        authorization_details=json.dumps(
            [
                {"type": "attribute_linkage", "delivery_services": [{"id": world["service"]}]},
                {"type": "user_registration"},
                {"type": "delivered_documents", "actions": ["list", "read"]},
            ]
        ),
    )
    pushed = client.pushed_authorization_request(request)
    driven = requests.post(
        f"{portal}/sandbox/drive",
        json={"authorization_url": str(pushed), "person": world["person"]},
        timeout=60,
    )
    driven.raise_for_status()
    response = request.validate_callback(driven.json()["redirect_to"])
    # validate=True can't be used with DPoP in 1.8.0 (it loses the key on the way), so the ID Token is
    # checked with jwskate, which the library itself uses.
    token = client.authorization_code(response, validate=False)
    check_id_token(token.id_token, client, request)
    api = ApiClient(portal, auth=token)
    print(
        json.dumps(
            {
                "issuer": request.issuer,  # validate_callback compared it with iss of the response
                "token_type": token.token_type,
                "jkt_kept": isinstance(request.dpop_key, DPoPKey),
                "sub": token.id_token.claims["sub"],
                "userinfo": client.userinfo(token),
                "user_status": token.kwargs.get("user_status"),
                "authorization_details": token.kwargs.get("authorization_details"),
                "status": api.get("/api/v1/user-status").json(),
                "documents": api.get("/api/v1/documents").json(),
            }
        )
    )


if __name__ == "__main__":
    main()
