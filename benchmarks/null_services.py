"""The null monitor's two gRPC services. They own only what the SDK asks in a program of plain resources.

A program that reads or invokes something gets UNIMPLEMENTED.
"""

from __future__ import annotations

from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Answers each registration with the inputs that it was sent; `answered` has the names."""

    def __init__(self, parallel: int) -> None:
        self.answered: list[str] = []
        self._parallel = parallel

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802  the protocol's names
        known = [
            resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
            resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
            resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
            resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
        ]
        return resource_pb2.DeploymentInfo(
            project="many", stack="null", parallel=self._parallel, supportedFeatures=known
        )

    def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802
        self.answered.append(request.name)
        urn = f"urn:pulumi:null::many::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name, object=request.object)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802
        return empty_pb2.Empty()


class Engine(engine_pb2_grpc.EngineServicer):
    """Prints what the program logs, and has no root resource."""

    def Log(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802
        if request.severity != engine_pb2.DEBUG:
            print(request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802
        return engine_pb2.GetRootResourceResponse()

    def SetRootResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802
        return engine_pb2.SetRootResourceResponse()


class Server:
    """Both services on a loopback port."""

    def __init__(self, parallel: int) -> None:
        monitor = Monitor(parallel)
        self.answered = monitor.answered
        self._server = grpc.server(futures.ThreadPoolExecutor(parallel))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, self._server)
        engine_pb2_grpc.add_EngineServicer_to_server(Engine(), self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        """Drop what is still connected."""
        self._server.stop(grace=0)
