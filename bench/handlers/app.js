import { ResponseOutparam, OutgoingResponse, OutgoingBody, Fields } from "wasi:http/types@0.2.12";

// Answers every request with a line.
export const incomingHandler = {
  handle(request, outparam) {
    const text = `hello from JavaScript: ${request.pathWithQuery()}\n`;
    const headers = Fields.fromList([["content-type", new TextEncoder().encode("text/plain")]]);
    const response = new OutgoingResponse(headers);
    const body = response.body();
    ResponseOutparam.set(outparam, { tag: "ok", val: response });
    const stream = body.write();
    stream.blockingWriteAndFlush(new TextEncoder().encode(text));
    stream[Symbol.dispose]();
    OutgoingBody.finish(body, undefined);
  },
};
