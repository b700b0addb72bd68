import { storages } from "./fixtures/edges";
import { expect, test, Workbench } from "./fixtures/workbench";

/** An edit of every shared key. */
async function edit(workbench: Workbench) {
  await workbench.mfe("profile").setName("Grace");
  await workbench.mfe("activity").count("Add 100");
  await workbench.mfe("preferences").chooseTheme("Dark");
}

/** Goes to a page of the same origin: the workbench looks again at what it has written, and mends it. */
async function leave(workbench: Workbench) {
  await workbench.page.goto("/robots.txt");
}

async function expectEdited(workbench: Workbench) {
  for (const mfe of workbench.mfes()) {
    await mfe.expectName("Grace");
    await mfe.expectEmail("ada@example.org");
    await mfe.expectCounter(142);
    await mfe.expectTheme("Dark");
  }
}

for (const storage of [...storages, "session"] as const) {
  test(`what was edited is there after a reload, stored in ${storage}`, async ({ visit }) => {
    await visit.open({ storage });
    await edit(visit);
    await visit.edges.expectSaved();
    await visit.page.reload();
    await expectEdited(visit);
    await expect(visit.edges.quarantine).toHaveCount(0);
    // What was loaded is nothing that could be taken back.
    await visit.history.expectPosition(0, 0);
  });
}

for (const storage of storages) {
  test(`an edit made in the task in which the page is left is kept, in ${storage}`, async ({
    visit,
  }) => {
    await visit.open({ storage });
    await visit.edges.expectLoaded();
    await visit.page.evaluate(() => {
      document.querySelector<HTMLElement>('[data-mfe="activity"] [aria-label="Add 100"]')?.click();
      location.href = "about:blank";
    });
    await visit.page.waitForURL("about:blank");
    await visit.open({ storage });
    await visit.mfe("profile").expectCounter(142);
    await visit.edges.expectSaved();
  });

  test(`a tab that is closed while it writes leaves nothing half written, in ${storage}`, async ({
    visit,
    context,
  }) => {
    await visit.open({ storage });
    await visit.page.evaluate(() => {
      const add = document.querySelector<HTMLElement>('[data-mfe="activity"] [aria-label="Add 1"]');
      const count = () => {
        for (let times = 0; times < 20; times += 1) add?.click();
        setTimeout(count);
      };
      setTimeout(count);
    });
    await visit.page.close();

    const again = new Workbench(await context.newPage());
    await again.open({ storage });
    await again.edges.expectSaved();
    await expect(again.edges.quarantine).toHaveCount(0);
    const counter = Number(await again.mfe("profile").counter.inputValue());
    // Each turn of twenty is stored as a whole.
    expect((counter - 42) % 20).toBe(0);
    await again.mfe("activity").count("Add 1");
    await again.page.reload();
    await again.mfe("activity").expectCounter(counter + 1);
  });
}

test("without storage a reload begins anew", async ({ visit }) => {
  await visit.open({ storage: "memory" });
  await edit(visit);
  await visit.page.reload();
  await visit.mfe("profile").expectCounter(42);
});

test("an item that is corrupt is put aside, listed, and can be discarded", async ({
  workbench,
}) => {
  await workbench.mfe("activity").count("Add 100");
  await workbench.mfe("profile").setName("Grace");
  await workbench.edges.expectSaved();
  await leave(workbench);
  await workbench.page.evaluate(() => {
    const text = localStorage.getItem("workbench:counter") ?? "";
    localStorage.setItem("workbench:counter", text.slice(0, text.length / 2));
  });
  await workbench.open();
  const row = workbench.edges.quarantine.getByRole("listitem").filter({ hasText: "counter" });
  await expect(row).toBeVisible();
  // The others are not concerned.
  await workbench.mfe("profile").expectName("Grace");
  await workbench.mfe("profile").expectCounter(42);

  await row.getByRole("button", { name: "counter: Restore" }).click();
  await expect(row).toBeVisible();
  await workbench.page.reload();
  await expect(row).toBeVisible();
  await row.getByRole("button", { name: "counter: Discard" }).click();
  await expect(workbench.edges.quarantine).toHaveCount(0);
  await workbench.page.reload();
  await workbench.mfe("profile").expectName("Grace");
  await expect(workbench.edges.quarantine).toHaveCount(0);
});

test("an entry that can be read after all is restored", async ({ workbench }) => {
  await workbench.mfe("activity").count("Add 100");
  await workbench.edges.expectSaved();
  await leave(workbench);
  await workbench.page.evaluate(() => {
    const text = localStorage.getItem("workbench:counter");
    localStorage.setItem("workbench:counter", "{");
    localStorage.setItem("kept", text ?? "");
  });
  await workbench.open();
  const row = workbench.edges.quarantine.getByRole("listitem").filter({ hasText: "counter" });
  await expect(row).toBeVisible();
  // As a version would write it that can read what this one could not.
  await workbench.page.evaluate(() => {
    const name = Object.keys(localStorage).find((name) => name.includes(":quarantine:"));
    if (!name) throw new Error("nothing is in quarantine");
    const record = JSON.parse(localStorage.getItem(name) ?? "");
    record.text = localStorage.getItem("kept");
    localStorage.setItem(name, JSON.stringify(record));
  });
  await workbench.page.reload();
  await row.getByRole("button", { name: "counter: Restore" }).click();
  await workbench.mfe("activity").expectCounter(142);
  await expect(workbench.edges.quarantine).toHaveCount(0);
  await workbench.page.reload();
  await workbench.mfe("activity").expectCounter(142);
});

test("what other applications keep in storage is left alone", async ({ workbench, context }) => {
  const theirs = { other: "1", "workbench:x:counter": "2", "workbenches:counter": "3" };
  const other = await context.newPage();
  await other.goto("/robots.txt");
  await other.evaluate((items) => {
    for (const [name, text] of Object.entries(items)) localStorage.setItem(name, text);
  }, theirs);
  await edit(workbench);
  await workbench.clear();
  await workbench.page.reload();
  await expect(workbench.figure("Keys")).toHaveText("0");
  const items = await other.evaluate((names) => names.map((name) => localStorage.getItem(name)), Object.keys(theirs));
  expect(items).toEqual(Object.values(theirs));
});

test("storage that another application clears is filled again", async ({ workbench, context }) => {
  await edit(workbench);
  await workbench.edges.expectSaved();
  const other = await context.newPage();
  await other.goto("/robots.txt");
  // Until the workbench has been told, it may still read what the other page has taken away.
  const told = await workbench.page.evaluateHandle(() => {
    const heard = new Promise<void>((resolve) => {
      addEventListener("storage", ({ key }) => key === null && resolve());
    });
    return { heard };
  });
  await other.evaluate(() => localStorage.clear());
  await told.evaluate(({ heard }) => heard);
  await expect.poll(() => workbench.edges.stored("counter")).toBe(142);
  await workbench.page.reload();
  await expectEdited(workbench);
});
