import { expect, test } from "./fixtures/workbench";

const older = { us: 0, from: "00000000000000ff", type: "change", set: [["counter", 7]] };

test("a tab that speaks an older version of the protocol is refused and counted", async ({
  tabs,
}) => {
  const [one, other] = await tabs(2);
  await one.mfe("activity").count("Add 100");
  await other.mfe("activity").expectCounter(142);
  const version = await other.number("Version");
  for (let times = 0; times < 3; times += 1) {
    await one.edges.say(JSON.stringify(older));
  }
  await expect(other.edges.fact("Refused")).toHaveText("older version ×3");
  await other.mfe("activity").expectCounter(142);
  await expect(other.figure("Version")).toHaveText(String(version));
  await other.edges.expectTabs(1);
  // Those of this version still hear each other.
  await one.mfe("activity").count("Add 1");
  await other.mfe("activity").expectCounter(143);
});

test("what is no message of ours is refused and counted, and changes nothing", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  const version = await other.number("Version");
  const hostile = ["", "null", "[]", "{", "x".repeat(1_000), { us: 1 }, 5, null, [["us", 1]]];
  for (const message of hostile) {
    await one.edges.say(message);
  }
  await expect(other.edges.fact("Refused")).toHaveText(`malformed ×${hostile.length}`);
  await expect(other.figure("Version")).toHaveText(String(version));
  await one.mfe("activity").count("Add 1");
  await other.mfe("activity").expectCounter(43);
});
