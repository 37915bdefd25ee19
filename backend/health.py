"""How a worker is, asked from outside."""

from http.client import HTTPConnection, HTTPException
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

Health = Literal["well", "sick", "gone"]
ANSWER_S = 3.0


def ask_health(base_url: str, key: SecretStr, answer_s: float = ANSWER_S) -> Health:
    """Ask a worker at /health whether it can answer.

    Edge: one that is too busy to say so is well. One that is about to die can still be connected
    to, as its connections are closed one after another: so a connection alone says nothing.
    """
    told = urlsplit(base_url)
    connection = HTTPConnection(told.hostname or "", told.port, timeout=answer_s)
    try:
        bearer = {"Authorization": f"Bearer {key.get_secret_value()}"}
        connection.request("GET", "/health", headers=bearer)
        return "well" if connection.getresponse().status < 500 else "sick"
    except TimeoutError:
        return "well"
    except (OSError, HTTPException):
        return "gone"
    finally:
        connection.close()
