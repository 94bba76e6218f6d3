// Serves aimock on a free port until standard input ends; says its address on the first line.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({
  host: "127.0.0.1",
  port: 0,
  auth: { apiKeys: JSON.parse(process.argv[2]) },
  falQueue: { pollsBeforeInProgress: 1, pollsBeforeCompleted: 2 },
});
process.stdin.on("end", () => mock.stop().then(() => process.exit(0)));
process.stdin.resume();
console.log(await mock.start());
