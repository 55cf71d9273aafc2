"""The two gRPC services that a program talks to: ResourceMonitor and Engine.

Owns the translation between protocol and deployment, nothing else. What is not carried is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from embedded.engine.deployment import Deployment, StoppedError
from embedded.engine.goal import from_request
from embedded.engine.operations import where
from embedded.engine.run import Job
from embedded.errors import EngineError
from embedded.state import Resource
from embedded.values import Properties, from_struct, has_secret, to_struct

FEATURES = ("secrets", "resourceReferences", "outputValues", "deletedWith")  # without aliasSpecs the SDK sends URNs
STACK_OUTPUTS = "pulumi:pulumi:readStackOutputs"  # the one function that the engine itself answers
_SEVERITIES = {engine_pb2.DEBUG: "debug", engine_pb2.INFO: "info", engine_pb2.WARNING: "warning"}
_MESSAGE_BYTES = 400 * 1024 * 1024  # as the SDK's own channels
Context = grpc.ServicerContext


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Registrations of one program run; they wait for the deployment, what is asked before does not."""

    def __init__(self, job: Job, deployment: futures.Future[Deployment]) -> None:
        self._job = job
        self._promise = deployment

    @property
    def _deployment(self) -> Deployment:
        return self._promise.result()

    def GetDeploymentInfo(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        job = self._job
        names = [
            resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
            resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
            resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
            resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
        ]
        return resource_pb2.DeploymentInfo(
            project=job.project,
            stack=job.stack,
            organization="organization",
            dryRun=job.preview,
            parallel=job.parallel,
            supportedFeatures=names,
        )

    def SupportsFeature(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in FEATURES)

    def RegisterResource(self, request: Any, context: Context) -> Any:  # noqa: D102, N802
        try:
            made = self._deployment.register(from_request(request))
        except StoppedError:
            self._stop(context)
        except EngineError as error:
            self._deployment.fail(str(error))
            self._stop(context)
        except Exception as error:
            self._deployment.fail(f"{request.type} '{request.name}': {where(error)} in the engine")
            self._stop(context)
        return self._answer(made)

    def RegisterResourceOutputs(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        self._deployment.outputs(request.urn, from_struct(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        self._deployment.completed = True
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Context) -> Any:  # noqa: D102, N802
        if request.tok != STACK_OUTPUTS:
            self.refuse(f"a function call ({request.tok})", context)
        arguments = from_struct(request.args)
        try:
            found = self._deployment.outputs_of(str(arguments.get("name", "")))
        except EngineError as error:
            self._deployment.fail(str(error))
            self._stop(context)
        secret = sorted(key for key, value in found.items() if has_secret(value))
        answer: Properties = {"name": arguments["name"], "outputs": found, "secretOutputNames": secret}
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(answer))
        return response

    def _answer(self, made: Resource) -> Any:
        outputs = made.outputs if made.custom else {}  # a component's are those that it registers at its end
        return resource_pb2.RegisterResourceResponse(urn=made.urn, id=made.id, object=to_struct(outputs))

    def refuse(self, what: str, context: Context) -> NoReturn:
        """End the run, as the program asks for something that is not carried."""
        self._deployment.fail(f"{what} is not carried by the embedded engine; use the Pulumi CLI")
        self._stop(context)

    def _stop(self, context: Context) -> NoReturn:
        context.abort(grpc.StatusCode.UNAVAILABLE, "the run has failed")
        raise AssertionError("abort raises")


_NOT_CARRIED = {
    "Call": "a method call",
    "ReadResource": "reading a resource by id (.get)",
    "RegisterStackTransform": "a transform",
    "RegisterStackInvokeTransform": "a transform",
    "RegisterResourceHook": "a resource hook",
    "RegisterErrorHook": "an error hook",
    "RegisterPackage": "a parameterized package",
}


def _refusing(what: str) -> Callable[[Monitor, Any, Context], NoReturn]:
    return lambda monitor, _, context: monitor.refuse(what, context)


for _method, _what in _NOT_CARRIED.items():
    setattr(Monitor, _method, _refusing(_what))


class Engine(engine_pb2_grpc.EngineServicer):
    """Log lines and the root resource of one program run."""

    def __init__(self, deployment: futures.Future[Deployment]) -> None:
        self._promise = deployment
        self._root = ""

    def Log(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        deployment = self._promise.result()
        severity = _SEVERITIES.get(request.severity, "error")
        if severity == "error" and deployment.failed:
            return empty_pb2.Empty()  # the program's echo of what has been reported
        if severity == "error":
            deployment.failed = True
        deployment.screen.message(severity, request.message, request.urn)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any, context: Context) -> Any:  # noqa: ARG002, D102, N802
        return engine_pb2.RequirePulumiVersionResponse()


def serve(job: Job, deployment: futures.Future[Deployment], port: int) -> grpc.Server:
    """A started server on a loopback port that the caller holds."""
    limits = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(futures.ThreadPoolExecutor(job.parallel * 4 + 8), options=limits)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(job, deployment), server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(deployment), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server
