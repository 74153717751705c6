"""The functions of Kubernetes 1.36's CEL environment, with the types that they take and give.

Each line of a text below is `name(parameters) -> result #overload`; a dot before the name says that the first
parameter stands before the dot. The order matters where several fit: it is the API server's. Capital letters
are any type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_COMPARED = (
    "bool int int/double int/uint uint uint/double uint/int double double/int double/uint string bytes"
)
_TYPE_WORDS = {"bool": "bool", "int": "int64", "uint": "uint64", "double": "double", "string": "string"}

STANDARD = """
!_(bool) -> bool #logical_not
-_(double) -> double #negate_double
-_(int) -> int #negate_int64
@in(A, list(A)) -> bool #in_list
@in(A, map(A, B)) -> bool #in_map
_!=_(A, A) -> bool #not_equals
_==_(A, A) -> bool #equals
_%_(int, int) -> int #modulo_int64
_%_(uint, uint) -> uint #modulo_uint64
_*_(double, double) -> double #multiply_double
_*_(int, int) -> int #multiply_int64
_*_(uint, uint) -> uint #multiply_uint64
_+_(bytes, bytes) -> bytes #add_bytes
_+_(double, double) -> double #add_double
_+_(duration, duration) -> duration #add_duration_duration
_+_(duration, timestamp) -> timestamp #add_duration_timestamp
_+_(timestamp, duration) -> timestamp #add_timestamp_duration
_+_(int, int) -> int #add_int64
_+_(list(A), list(A)) -> list(A) #add_list
_+_(string, string) -> string #add_string
_+_(uint, uint) -> uint #add_uint64
_-_(double, double) -> double #subtract_double
_-_(duration, duration) -> duration #subtract_duration_duration
_-_(int, int) -> int #subtract_int64
_-_(timestamp, duration) -> timestamp #subtract_timestamp_duration
_-_(timestamp, timestamp) -> duration #subtract_timestamp_timestamp
_-_(uint, uint) -> uint #subtract_uint64
_/_(double, double) -> double #divide_double
_/_(int, int) -> int #divide_int64
_/_(uint, uint) -> uint #divide_uint64
_?_:_(bool, A, A) -> A #conditional
_[?_](list(V), int) -> optional_type(V) #list_optindex_optional_int
_[?_](optional_type(list(V)), int) -> optional_type(V) #optional_list_optindex_optional_int
_[?_](map(K, V), K) -> optional_type(V) #map_optindex_optional_value
_[?_](optional_type(map(K, V)), K) -> optional_type(V) #optional_map_optindex_optional_value
_[_](list(A), int) -> A #index_list
_[_](map(A, B), A) -> B #index_map
_[_](optional_type(list(V)), int) -> optional_type(V) #optional_list_index_int
_[_](optional_type(map(K, V)), K) -> optional_type(V) #optional_map_index_value
bool(bool) -> bool #bool_to_bool
bool(string) -> bool #string_to_bool
bytes(bytes) -> bytes #bytes_to_bytes
bytes(string) -> bytes #string_to_bytes
double(double) -> double #double_to_double
double(int) -> double #int64_to_double
double(string) -> double #string_to_double
double(uint) -> double #uint64_to_double
duration(duration) -> duration #duration_to_duration
duration(int) -> duration #int64_to_duration
duration(string) -> duration #string_to_duration
dyn(A) -> dyn #to_dyn
int(int) -> int #int64_to_int64
int(double) -> int #double_to_int64
int(duration) -> int #duration_to_int64
int(string) -> int #string_to_int64
int(timestamp) -> int #timestamp_to_int64
int(uint) -> int #uint64_to_int64
string(string) -> string #string_to_string
string(bool) -> string #bool_to_string
string(bytes) -> string #bytes_to_string
string(double) -> string #double_to_string
string(duration) -> string #duration_to_string
string(int) -> string #int64_to_string
string(timestamp) -> string #timestamp_to_string
string(uint) -> string #uint64_to_string
string(net.IP) -> string #ip_to_string
string(net.CIDR) -> string #cidr_to_string
timestamp(timestamp) -> timestamp #timestamp_to_timestamp
timestamp(int) -> timestamp #int64_to_timestamp
timestamp(string) -> timestamp #string_to_timestamp
type(A) -> type(A) #type
uint(uint) -> uint #uint64_to_uint64
uint(double) -> uint #double_to_uint64
uint(int) -> uint #int64_to_uint64
uint(string) -> uint #string_to_uint64
size(bytes) -> int #size_bytes
.size(bytes) -> int #bytes_size
size(list(A)) -> int #size_list
.size(list(A)) -> int #list_size
size(map(A, B)) -> int #size_map
.size(map(A, B)) -> int #map_size
size(string) -> int #size_string
.size(string) -> int #string_size
.contains(string, string) -> bool #contains_string
.endsWith(string, string) -> bool #ends_with_string
.startsWith(string, string) -> bool #starts_with_string
matches(string, string) -> bool #matches
.matches(string, string) -> bool #matches_string
.getHours(duration) -> int #duration_to_hours
.getMilliseconds(duration) -> int #duration_to_milliseconds
.getMinutes(duration) -> int #duration_to_minutes
.getSeconds(duration) -> int #duration_to_seconds
"""

EXTENDED = """
.hasValue(optional_type(V)) -> bool #optional_hasValue
.value(optional_type(V)) -> V #optional_value
.or(optional_type(V), optional_type(V)) -> optional_type(V) #optional_or_optional
.orValue(optional_type(V), V) -> V #optional_orValue_value
optional.none() -> optional_type(V) #optional_none
optional.of(V) -> optional_type(V) #optional_of
optional.ofNonZeroValue(V) -> optional_type(V) #optional_ofNonZeroValue
optional.unwrap(list(optional_type(V))) -> list(V) #optional_unwrap
.unwrapOpt(list(optional_type(V))) -> list(V) #optional_unwrapOpt
.first(list(V)) -> optional_type(V) #list_first
.last(list(V)) -> optional_type(V) #list_last
.charAt(string, int) -> string #string_char_at_int
.format(string, list(dyn)) -> string #string_format
.indexOf(list(A), A) -> int #list_a_index_of_int
.indexOf(string, string) -> int #string_index_of_string
.indexOf(string, string, int) -> int #string_index_of_string_int
.lastIndexOf(list(A), A) -> int #list_a_last_index_of_int
.lastIndexOf(string, string) -> int #string_last_index_of_string
.lastIndexOf(string, string, int) -> int #string_last_index_of_string_int
.join(list(string)) -> string #list_join
.join(list(string), string) -> string #list_join_string
.lowerAscii(string) -> string #string_lower_ascii
.upperAscii(string) -> string #string_upper_ascii
.replace(string, string, string) -> string #string_replace_string_string
.replace(string, string, string, int) -> string #string_replace_string_string_int
.split(string, string) -> list(string) #string_split_string
.split(string, string, int) -> list(string) #string_split_string_int
.substring(string, int) -> string #string_substring_int
.substring(string, int, int) -> string #string_substring_int_int
.trim(string) -> string #string_trim
strings.quote(string) -> string #strings_quote
.distinct(list(T)) -> list(T) #list_distinct
.flatten(list(list(T))) -> list(T) #list_flatten
.flatten(list(dyn), int) -> list(dyn) #list_flatten_int
lists.range(int) -> list(int) #lists_range
.reverse(list(T)) -> list(T) #list_reverse
.slice(list(T), int, int) -> list(T) #list_slice
sets.contains(list(T), list(T)) -> bool #list_sets_contains_list
sets.equivalent(list(T), list(T)) -> bool #list_sets_equivalent_list
sets.intersects(list(T), list(T)) -> bool #list_sets_intersects_list
cel.@mapInsert(map(K, V), K, V) -> map(K, V) #@mapInsert_map_key_value
cel.@mapInsert(map(K, V), map(K, V)) -> map(K, V) #@mapInsert_map_map
"""

KUBERNETES = """
.add(kubernetes.Quantity, kubernetes.Quantity) -> kubernetes.Quantity #quantity_add
.add(kubernetes.Quantity, int) -> kubernetes.Quantity #quantity_add_int
.sub(kubernetes.Quantity, kubernetes.Quantity) -> kubernetes.Quantity #quantity_sub
.sub(kubernetes.Quantity, int) -> kubernetes.Quantity #quantity_sub_int
.asApproximateFloat(kubernetes.Quantity) -> double #quantity_get_float
.asInteger(kubernetes.Quantity) -> int #quantity_get_int
.isInteger(kubernetes.Quantity) -> bool #quantity_is_integer
sign(kubernetes.Quantity) -> int #quantity_sign
isQuantity(string) -> bool #is_quantity_string
quantity(string) -> kubernetes.Quantity #string_to_quantity
.compareTo(kubernetes.Quantity, kubernetes.Quantity) -> int #quantity_compare_to
.compareTo(kubernetes.Semver, kubernetes.Semver) -> int #semver_compare_to
.isGreaterThan(kubernetes.Quantity, kubernetes.Quantity) -> bool #quantity_is_greater_than
.isGreaterThan(kubernetes.Semver, kubernetes.Semver) -> bool #semver_is_greater_than
.isLessThan(kubernetes.Quantity, kubernetes.Quantity) -> bool #quantity_is_less_than
.isLessThan(kubernetes.Semver, kubernetes.Semver) -> bool #semver_is_less_than
isSemver(string) -> bool #is_semver_string
isSemver(string, bool) -> bool #is_semver_string_bool
semver(string) -> kubernetes.Semver #string_to_semver
semver(string, bool) -> kubernetes.Semver #string_bool_to_semver
.major(kubernetes.Semver) -> int #semver_major
.minor(kubernetes.Semver) -> int #semver_minor
.patch(kubernetes.Semver) -> int #semver_patch
isURL(string) -> bool #is_url_string
url(string) -> kubernetes.URL #string_to_url
.getEscapedPath(kubernetes.URL) -> string #url_get_escaped_path
.getHost(kubernetes.URL) -> string #url_get_host
.getHostname(kubernetes.URL) -> string #url_get_hostname
.getPort(kubernetes.URL) -> string #url_get_port
.getQuery(kubernetes.URL) -> map(string, list(string)) #url_get_query
.getScheme(kubernetes.URL) -> string #url_get_scheme
.find(string, string) -> string #string_find_string
.findAll(string, string) -> list(string) #string_find_all_string
.findAll(string, string, int) -> list(string) #string_find_all_string_int
cidr(string) -> net.CIDR #string_to_cidr
isCIDR(string) -> bool #is_cidr
.containsCIDR(net.CIDR, string) -> bool #cidr_contains_cidr_string
.containsCIDR(net.CIDR, net.CIDR) -> bool #cidr_contains_cidr
.containsIP(net.CIDR, string) -> bool #cidr_contains_ip_string
.containsIP(net.CIDR, net.IP) -> bool #cidr_contains_ip_ip
.masked(net.CIDR) -> net.CIDR #cidr_masked
.prefixLength(net.CIDR) -> int #cidr_prefix_length
ip(string) -> net.IP #string_to_ip
.ip(net.CIDR) -> net.IP #cidr_ip
ip.isCanonical(string) -> bool #ip_is_canonical
isIP(string) -> bool #is_ip
.family(net.IP) -> int #ip_family
.isGlobalUnicast(net.IP) -> bool #ip_is_global_unicast
.isLinkLocalMulticast(net.IP) -> bool #ip_is_link_local_multicast
.isLinkLocalUnicast(net.IP) -> bool #ip_is_link_local_unicast
.isLoopback(net.IP) -> bool #ip_is_loopback
.isUnspecified(net.IP) -> bool #ip_is_unspecified
format.named(string) -> optional_type(kubernetes.NamedFormat) #format-named
.validate(kubernetes.NamedFormat, string) -> optional_type(list(string)) #format-validate
"""

AUTHORIZATION = """
.allowed(Decision) -> bool #decision_allowed
.check(PathCheck, string) -> Decision #pathcheck_check
.check(ResourceCheck, string) -> Decision #resourcecheck_check
.error(Decision) -> string #decision_error
.errored(Decision) -> bool #decision_errored
.fieldSelector(ResourceCheck, string) -> ResourceCheck #authorizer_fieldselector
.group(Authorizer, string) -> GroupCheck #authorizer_group
.labelSelector(ResourceCheck, string) -> ResourceCheck #authorizer_labelselector
.name(ResourceCheck, string) -> ResourceCheck #resourcecheck_name
.namespace(ResourceCheck, string) -> ResourceCheck #resourcecheck_namespace
.path(Authorizer, string) -> PathCheck #authorizer_path
.reason(Decision) -> string #decision_reason
.resource(GroupCheck, string) -> ResourceCheck #groupcheck_resource
.serviceAccount(Authorizer, string, string) -> Authorizer #authorizer_serviceaccount
.subresource(ResourceCheck, string) -> ResourceCheck #resourcecheck_subresource
"""

FORMATS = (
    *("byte", "date", "datetime", "dns1035Label", "dns1035LabelPrefix", "dns1123Label"),
    *("dns1123LabelPrefix", "dns1123Subdomain", "dns1123SubdomainPrefix", "labelValue", "qualifiedName"),
    *("uri", "uuid"),
)
ELEMENTS = ("int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes")
FROM_TIMESTAMP = {
    "getDate": "day_of_month_1_based",
    "getDayOfMonth": "day_of_month",
    "getDayOfWeek": "day_of_week",
    "getDayOfYear": "day_of_year",
    "getFullYear": "year",
    "getHours": "hours",
    "getMilliseconds": "milliseconds",
    "getMinutes": "minutes",
    "getMonth": "month",
    "getSeconds": "seconds",
}


def lines() -> Iterator[str]:
    yield from STANDARD.strip().splitlines()
    yield from EXTENDED.strip().splitlines()
    yield from KUBERNETES.strip().splitlines()
    for line in AUTHORIZATION.strip().splitlines():
        yield re.sub(r"\b([A-Z]\w+)", r"kubernetes.authorization.\1", line)
    for sign, word in (("<", "less"), ("<=", "less_equals"), (">", "greater"), (">=", "greater_equals")):
        for pair in (*_COMPARED.split(), "timestamp", "duration"):
            left, _, right = pair.partition("/")
            names = [_TYPE_WORDS.get(left, left), *([_TYPE_WORDS[right]] if right else [])]
            yield f"_{sign}_({left}, {right or left}) -> bool #{word}_{'_'.join(names)}"
    for element in ELEMENTS:
        yield f".isSorted(list({element})) -> bool #list_{element}_is_sorted_bool"
        yield f".max(list({element})) -> {element} #list_{element}_max_{element}"
        yield f".min(list({element})) -> {element} #list_{element}_min_{element}"
        yield f".sort(list({element})) -> list({element}) #list_{element}_sort"
        yield (
            f".@sortByAssociatedKeys(list(T), list({element})) -> list(T) "
            f"#list_{element}_sortByAssociatedKeys"
        )
    for element in ("int", "uint", "double", "duration"):
        yield f".sum(list({element})) -> {element} #list_{element}_sum_{element}"
    for name, part in FROM_TIMESTAMP.items():
        zoned = "seconds_tz" if part == "seconds" else f"{part}_with_tz"
        yield f".{name}(timestamp) -> int #timestamp_to_{part}"
        yield f".{name}(timestamp, string) -> int #timestamp_to_{zoned}"
    for name in FORMATS:
        yield f"format.{name}() -> kubernetes.NamedFormat #format.{name}"
