"""From settings to components: the only module that knows which shape was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pulumi

from components import monitoring, readers, stores
from components.config import Place, Service, Settings, places
from components.config.models import PROBE_IMAGE
from components.monitoring import Prometheus
from components.naming import server_key
from components.network import TieredNetwork, TieredNetworkArgs
from components.platforms import Lifecycle, Platform
from components.platforms.docker import DockerPlatform
from components.platforms.stopped import StoppedPlatform
from components.pooler import PgBouncer
from components.secret_values import Values
from components.service import AppService, AppServiceArgs
from components.stores import Servers, Stores
from components.tls import CertificateAuthority, CertificateAuthorityArgs
from components.tls.certificates import Life


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Everything that a stack consists of: servers by their key, stores by app and place, services by app, and the
    URLs of readers by reader and app.

    `tls` is who certifies the servers, None where they take connections in clear.
    """

    settings: Settings
    networks: TieredNetwork
    tls: CertificateAuthority | None
    servers: Servers
    stores: Mapping[str, Mapping[Place, Stores]]
    services: Mapping[str, AppService]
    readers: readers.Urls
    prometheus: Prometheus | None = None

    def poolers(self) -> dict[str, PgBouncer]:
        """The poolers by the key of their servers."""
        found = (
            (server_key("postgres", app if place == "isolated" else None), its.pooler)
            for app, by_place in self.stores.items()
            for place, its in by_place.items()
        )
        return {key: pooler for key, pooler in found if pooler is not None}

    def serving(self, app: str) -> Stores | None:
        """The stores of an app that its service uses."""
        return self.stores.get(app, {}).get(places.serving(self.settings, app))

    def used_by(self, app: str) -> list[Stores]:
        """All stores that an app's service uses: its own, and those of the apps whose databases it uses."""
        owners = dict.fromkeys([app, *self.settings.apps[app].uses.values()])
        return [its for owner in owners if (its := self.serving(owner))]

    def urls(self, app: str) -> dict[str, pulumi.Output[str]]:
        """The data URLs that an app is given, by file name."""
        own, its = self.serving(app), self.settings.apps[app]
        urls = own.urls if own else {}
        for variable, owner in its.uses.items():
            database = other.database if (other := self.serving(owner)) else None
            named = its.postgres or self.settings.apps[owner].postgres  # the driver of who connects
            if database and named:
                urls[variable.lower()] = database.url_for(named.driver)
        return urls


def build(
    settings: Settings, values: Values | None = None, seen: Callable[[Platform], Platform] = lambda platform: platform
) -> Topology:
    """Declare the stack that `settings` describe: each app's stores in its places, its service beside those it uses.

    `values` are the secrets that people bring, by the references to them in `settings`; `seen` may put a platform
    around the one that is built on, to look at what is asked of it.
    """
    platform = seen(_platform(settings))
    unified = bool(places.apps_in(settings, "unified"))
    tiers = {tier: its for tier, its in settings.network.items() if tier != "data" or unified}
    networks = TieredNetwork("network", TieredNetworkArgs(platform=platform, prefix=settings.prefix, tiers=tiers))
    tls = _authority(settings)
    servers, found = _stores(settings, platform, networks, tls, values or {})
    reading = readers.build(settings, servers, found)
    around = monitoring.Around(
        settings=settings,
        platform=platform,
        tls=tls,
        servers=servers,
        stores=found,
        data_network=networks.names.get("data"),
    )
    topology = Topology(
        settings=settings,
        networks=networks,
        tls=tls,
        servers=servers,
        stores=found,
        services={},
        readers=reading,
        prometheus=monitoring.build(around),
    )
    services = {app: _service(topology, platform, app, its, values or {}) for app, its in _services(settings)}
    _close_former(topology, services)
    return replace(topology, services=services)


def _close_former(topology: Topology, services: Mapping[str, AppService]) -> None:
    """After each service has its new URLs, what the generation before logged in with is taken back."""
    for by_place in topology.stores.values():
        for its in by_place.values():
            users = [service for app, service in services.items() if any(its is one for one in topology.used_by(app))]
            its.close_former([switched for service in users for switched in service.switched])


def _platform(settings: Settings) -> Platform:
    platform = DockerPlatform(stack_label=settings.prefix, helper_image=f"data-tier/redis:{settings.redis_major}")
    return platform if settings.running else StoppedPlatform(platform)


def _authority(settings: Settings) -> CertificateAuthority | None:
    """Declared without TLS too: its seed is kept, so that the same authority certifies when TLS is on again."""
    args = CertificateAuthorityArgs(
        lifecycle=Lifecycle(protect=settings.protect),
        prefix=settings.prefix,
        life=Life(days=settings.tls.days, renew=settings.tls.renew_days),
        now=datetime.now(UTC),
    )
    authority = CertificateAuthority("tls", args)
    return authority if settings.tls.enabled else None


def _stores(
    settings: Settings,
    platform: Platform,
    networks: TieredNetwork,
    tls: CertificateAuthority | None,
    values: Values,
) -> tuple[Servers, dict[str, dict[Place, Stores]]]:
    servers: Servers = {}
    found: dict[str, dict[Place, Stores]] = {}
    if places.apps_in(settings, "unified"):
        servers, by_app = stores.shared(settings, platform, networks.names["data"], tls, values)
        found = {app: {"unified": its} for app, its in by_app.items()}
    for app in places.apps_in(settings, "isolated"):
        more, its = stores.own(settings, platform, app, tls, values)
        servers = {**servers, **more}
        found.setdefault(app, {})["isolated"] = its
    return servers, found


def _services(settings: Settings) -> list[tuple[str, Service]]:
    return list(places.services(settings)) if settings.running else []


def _service(topology: Topology, platform: Platform, app: str, service: Service, values: Values) -> AppService:
    settings, used, urls = topology.settings, topology.used_by(app), topology.urls(app)
    image = settings.service_image(app)
    args = AppServiceArgs(
        platform=platform,
        app=app,
        settings=service,
        tiers=settings.network,
        networks=topology.networks,
        hostname=settings.service_name(app),
        image=image,
        stand_in=image == PROBE_IMAGE,
        urls=urls,
        secrets={name: values[ref] for name, ref in service.secrets.items()},
        authorities={file: text for its in used for file, text in its.authorities.items()},
        ca=topology.tls.ca if topology.tls and urls else None,
        data_networks=list({id(its.network): its.network for its in used}.values()),  # the shared ones have one
        wait_for=[needed for its in used for needed in its.needed],
        files_wait_for=[turned for its in used for turned in its.turned],
        generation=settings.apps[app].generation,
        further={
            variable: (other, settings.apps[other].generation) for variable, other in settings.apps[app].uses.items()
        },
    )
    return AppService(f"service-{app}", args)
