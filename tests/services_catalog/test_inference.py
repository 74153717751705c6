"""A chart without a schema: its values.yaml and the comments in it make the form."""

from __future__ import annotations

import pytest

from services_catalog import schemas
from services_catalog.inference import infer
from services_catalog.values import check

VALUES = """\
# Copyright Somebody
# SPDX-License-Identifier: APACHE-2.0

## @section Global parameters
## Global things
##

## @param global.imageRegistry Global registry
## @param replicaCount [default: 1] How many run
##
global:
  imageRegistry: ""
replicaCount: 1

## @section Database parameters
##

# -- (string) The admin's password.
# Make it long.
# @default -- made by the chart
adminPassword: ""
# -- Name of an existing secret with the password
existingSecret: ""
# plain words about the service
# that go on
#
# e.g.
# service:
#   type: NodePort
service:
  type: ClusterIP
  port: 80  # where it listens
  # -- More of them
  annotations: {}
  # something: else

config: {}
args: []
hosts:
  - a.example.com
  - b.example.com
tls:
  - secretName: x
weight: 1.5
enabled: false
nothing:
nullToken: null
image:
  # not at this key's column: the line below is
    # deeper
  pullPolicy: IfNotPresent
8080: odd
"""


@pytest.fixture(scope="module")
def schema():
    return infer(VALUES, open_keys=["global", "redis"])


def at(schema, *path):
    return schemas.at(schema, path)


def test_it_says_that_it_is_a_guess_and_closes_nothing(schema):
    assert schema["x-slipway-inferred"] is True
    assert check(schema, {"anything": {"at": ["all"]}, "service": {"extra": 1}}) == []


def test_the_same_text_gives_the_same_schema(schema):
    assert infer(VALUES, open_keys=["global", "redis"]) == schema
    assert list(schema["properties"])[:3] == ["global", "replicaCount", "adminPassword"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("replicaCount",), "How many run"),
        (("global", "imageRegistry"), "Global registry"),
        (("adminPassword",), "The admin's password. Make it long."),
        (("service",), "plain words about the service that go on"),
        (("service", "port"), "where it listens"),
        (("service", "annotations"), "More of them"),
        (("config",), None),
        (("global",), None),
        (("image", "pullPolicy"), None),
    ],
)
def test_comments_of_every_style_become_descriptions(schema, path, said):
    assert at(schema, *path).get("description") == said


def test_sections_become_headings(schema):
    assert at(schema, "replicaCount")["x-slipway-section"] == "Global parameters"
    assert at(schema, "image")["x-slipway-section"] == "Database parameters"


@pytest.mark.parametrize(
    ("path", "value", "accepted"),
    [
        (("replicaCount",), "many", False),
        (("enabled",), "maybe", False),
        (("service", "type"), "Clusterip", False),
        (("service", "type"), "NodePort", True),
        (("service", "port"), "http", True),
        (("service", "port"), [1], False),
        (("image", "pullPolicy"), "Sometimes", False),
        (("config",), {"any": ["thing"]}, True),
        (("hosts",), ["c"], True),
        (("hosts",), 3, False),
        (("nothing",), {"a": 1}, True),
        (("weight",), 2, True),
        (("adminPassword",), "x", True),
    ],
)
def test_defaults_say_what_is_accepted(schema, path, value, accepted):
    document = value
    for name in reversed(path):
        document = {name: document}
    assert (check(schema, document) == []) is accepted


def test_what_is_named_like_a_secret_is_one_unless_told_otherwise(schema):
    found = [".".join(place.path) for place in schemas.marked(schema, schemas.SECRET)]
    assert found == ["adminPassword", "nullToken"]
    changed = infer(VALUES, secrets={"/nullToken": False, "/config": True})
    assert [place.path for place in schemas.marked(changed, schemas.SECRET)] == [
        ("adminPassword",),
        ("config",),
    ]


def test_keys_of_other_charts_stay_open(schema):
    assert at(schema, "global")["x-slipway-open"] is True
    assert at(schema, "redis") == {"type": "object", "x-slipway-open": True}


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "a: &x [*x]\nb: *x", "a: !!python/object:x {}", "\0"])
def test_whatever_the_text_there_is_a_schema(text):
    assert infer(text)["type"] == "object"
    assert check(infer(text), {"a": [1]}) == []


def test_aliases_and_depth_end():
    doubling = "a: &a {x: 1}\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} {{x: *{chr(97 + n)}, y: *{chr(97 + n)}}}\n" for n in range(22)
    )
    assert len(list(schemas.places(infer(doubling)))) <= 20_000
    assert infer("a: " + "{b: " * 60 + "1" + "}" * 60)["properties"]
