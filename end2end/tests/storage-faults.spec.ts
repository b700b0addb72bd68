import { expect, test, type Workbench } from "./fixtures/workbench";

/** What a person sees of the page, but for the panel that tells of storage. */
async function seen({ page }: Workbench) {
  return page.evaluate(() => {
    const copy = document.body.cloneNode(true) as HTMLElement;
    for (const part of copy.querySelectorAll(".edges, script, .renders")) part.remove();
    for (const input of copy.querySelectorAll("input")) input.replaceWith(input.value);
    return copy.textContent;
  });
}

for (const how of ["Denied", "Full", "Forgets"] as const) {
  test(`storage that breaks (${how}) changes nothing but the status, and mended it has all`, async ({
    workbench,
  }) => {
    const { edges } = workbench;
    const thrown: Error[] = [];
    workbench.page.on("pageerror", (error) => thrown.push(error));
    await workbench.mfe("profile").setName("Grace");
    await edges.expectSaved();
    const before = await seen(workbench);
    await edges.break(how);
    expect(await seen(workbench)).toBe(before);

    await workbench.mfe("activity").count("Add 100");
    await workbench.mfe("preferences").chooseTheme("Dark");
    for (const mfe of workbench.mfes()) {
      await mfe.expectCounter(142);
      await mfe.expectTheme("Dark");
    }
    await expect(workbench.notices).toHaveText("");
    if (how === "Denied") {
      await expect(edges.fact("Stored in")).toContainText("switched off");
    } else {
      await expect(edges.unsaved.getByRole("listitem")).toHaveCount(2);
      const reason = how === "Full" ? "no room left" : "dropped";
      await expect(edges.unsaved.getByRole("listitem").first()).toContainText(reason);
      await expect(edges.fact("Keys")).toContainText("2 not saved");
    }
    expect(await edges.stored("counter")).toBeUndefined();

    const shown = await seen(workbench);
    await edges.break("Works");
    await edges.expectSaved();
    await expect(edges.fact("Stored in")).toHaveText("localStorage");
    expect(await seen(workbench)).toBe(shown);
    expect(await edges.stored("counter")).toBe(142);
    await workbench.page.reload();
    await workbench.mfe("profile").expectName("Grace");
    await workbench.mfe("profile").expectCounter(142);
    await workbench.mfe("profile").expectTheme("Dark");
    expect(thrown).toEqual([]);
  });
}

for (const [storage, getter] of [
  ["local", "localStorage"],
  ["indexeddb", "indexedDB"],
] as const) {
  test(`where ${getter} is denied the page works, in memory and in step with other tabs`, async ({
    context,
    tabs,
  }) => {
    await context.addInitScript((getter) => {
      Object.defineProperty(window, getter, {
        get() {
          throw new DOMException("access is denied for this document", "SecurityError");
        },
      });
    }, getter);
    const [one, other] = await tabs(2, { storage });
    await expect(one.edges.fact("Stored in")).toContainText("memory");
    await one.mfe("profile").setName("Grace");
    await other.mfe("activity").expectName("Grace");
    await other.mfe("activity").count("Add 100");
    await one.mfe("profile").expectCounter(142);
    await expect(one.notices).toHaveText("");
    // What is in memory is gone with the page, but the other tab has it.
    await one.page.reload();
    await one.mfe("profile").expectName("Grace");
    await one.mfe("profile").expectCounter(142);
  });
}

test("a tab whose storage is full still tells the other, which stores it", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  await one.edges.break("Full");
  await one.mfe("activity").count("Add 100");
  await other.mfe("activity").expectCounter(142);
  await expect.poll(() => other.edges.stored("counter")).toBe(142);
  await one.edges.break("Works");
  await one.edges.expectSaved();
});

test("storage that is really full is survived", async ({ workbench }) => {
  await workbench.mfe("activity").count("Add 1");
  await workbench.edges.expectSaved();
  await workbench.page.evaluate(() => {
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      try {
        for (let index = 0; ; index += 1) localStorage.setItem(`${size} ${index}`, "x".repeat(size));
      } catch {
        // That was as much as there is room for.
      }
    }
  });
  await workbench.mfe("profile").setName("Grace ".repeat(20));
  await workbench.mfe("activity").expectName("Grace ".repeat(20));
  await expect(workbench.edges.unsaved.getByRole("listitem")).toContainText("no room left");
  await workbench.page.evaluate(() => {
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith("workbench:")) localStorage.removeItem(name);
    }
  });
  await workbench.edges.break("Works");
  await workbench.edges.expectSaved();
  await workbench.page.reload();
  await workbench.mfe("activity").expectName("Grace ".repeat(20));
});
