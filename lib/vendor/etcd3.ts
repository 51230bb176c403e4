export { InterceptingCall, logVerbosity, setLogVerbosity, status } from "@grpc/grpc-js";
export { Etcd3 } from "etcd3";
