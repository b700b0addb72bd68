import { expect, test, type Workbench } from "./fixtures/workbench";

/** Long values, a refusal, a failure, a gap and notices: all that makes a page wide. */
async function strain(workbench: Workbench) {
  await workbench.mfe("profile").setName("Wolfeschlegelsteinhausenbergerdorff".repeat(8));
  await workbench.mfe("activity").setCounter(-1_000_000);
  await workbench.mfe("profile").setEmail("nobody");
  await workbench.mfe("preferences").chooseTheme("Dark");
  await workbench.toggle("activity", "Fail").click();
  await workbench.toggle("preferences", "Mounted").click();
  await expect(workbench.notices).toContainText("failed");
  await workbench.edges.break("Full");
  await workbench.mfe("profile").setEmail("nobody@example.org");
  await expect(workbench.edges.unsaved).toBeVisible();
}

async function expectNoHorizontalScroll({ page }: Workbench) {
  const widths = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect.poll(widths).toBeLessThanOrEqual(0);
}

/** Names of parts that stick out of the window on the left or the right. */
async function partsOutside({ page }: Workbench) {
  return page.evaluate(() =>
    [...document.querySelectorAll("section, header, table, td, button, input, pre, dl, ol, p, code, .renders")]
      .filter((element) => !element.closest(".visually-hidden, .skip-link"))
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 1 && (left < 0 || right > document.documentElement.clientWidth);
      })
      .map((element) => `${element.tagName} ${element.className} ${element.textContent}`),
  );
}

for (const width of [360, 768, 1024]) {
  test.describe(`${width} px wide`, () => {
    test.use({ viewport: { width, height: 740 } });

    test("nothing is cut off, and the page does not scroll sideways", async ({ workbench }) => {
      await expectNoHorizontalScroll(workbench);
      expect(await partsOutside(workbench)).toEqual([]);
      await strain(workbench);
      await expectNoHorizontalScroll(workbench);
      expect(await partsOutside(workbench)).toEqual([]);
    });
  });
}

test.describe("360 px wide", () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test("every part can be scrolled to, one below the other", async ({ workbench }) => {
    await workbench.mfe("profile").count("Add 1");
    let above = -1;
    for (const part of [
      workbench.engineButton("map"),
      ...workbench.mfes().map((mfe) => mfe.place),
      workbench.log.panel,
      workbench.edges.panel,
      workbench.controls,
      workbench.history.panel,
      workbench.registry,
      workbench.allKeys,
    ]) {
      await part.scrollIntoViewIfNeeded();
      await expect(part).toBeInViewport();
      const top = await part.evaluate((element) => element.getBoundingClientRect().top + scrollY);
      expect(top).toBeGreaterThan(above);
      above = top;
    }
  });

  test("the log is still a table to a screen reader", async ({ workbench }) => {
    await workbench.mfe("profile").count("Add 1");
    await workbench.log.expectNewest({ key: "counter", old: "42", new: "43", source: "profile" });
    await expect(workbench.log.panel.getByRole("table", { name: "State changes" })).toBeVisible();
  });
});

test.describe("1280 px wide", () => {
  test.use({ viewport: { width: 1280, height: 900 } });

  test("the micro-frontends stand side by side, equally wide and high", async ({ workbench }) => {
    const boxes = await Promise.all(workbench.mfes().map((mfe) => mfe.place.boundingBox()));
    const [first, second, third] = boxes.map((box) => box ?? { x: 0, y: 0, width: 0, height: 0 });
    for (const box of [second, third]) {
      expect(box.y).toBe(first.y);
      expect(box.width).toBeCloseTo(first.width, 0);
      expect(box.height).toBeCloseTo(first.height, 0);
    }
    expect(second.x).toBeGreaterThanOrEqual(first.x + first.width);
    expect(third.x).toBeGreaterThanOrEqual(second.x + second.width);
    await strain(workbench);
    await expectNoHorizontalScroll(workbench);
  });
});
