import type { Counts } from "./fixtures/render-counts";
import { engines, expect, mfes, test, type Workbench } from "./fixtures/workbench";

/** Each once, but for the time of the last update: two updates may fall into one millisecond. */
function once(...names: string[]): Counts {
  return Object.fromEntries(names.map((name) => [name, 1]));
}

function withoutTime(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => name !== "Store: Last update"));
}

/** What every transaction renders. */
const everywhere = [
  ...["Profile: Snapshot", "Preferences: Snapshot", "Activity: Snapshot"],
  ...["Store: Version", "Store: Updates"],
  ...["State changes: State changes", "All keys: All keys"],
];

/** After this, further edits of the profile bring no new key, and no other source. */
async function settle(visit: Workbench) {
  await visit.mfe("profile").setEmail("ada@example.com");
  await visit.mfe("profile").setName("Grace");
  await visit.mfe("activity").expectName("Grace");
}

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    test("each part is rendered once to begin with", async ({ visit }) => {
      await visit.open({ engine });
      const counts = await visit.renders.read();
      const more = Object.keys(counts).filter((name) => counts[name] !== 1);
      // Listeners come while the page is built.
      expect(more).toEqual(["Store: Listeners"]);
      for (const part of ["Name", "E-mail", "Theme", "Counter", "Snapshot", "Edits"]) {
        for (const mfe of visit.mfes()) {
          expect(Object.keys(counts)).toContain(`${mfe.title}: ${part}`);
        }
      }
      for (const part of ["Registry", "All keys", "History", "State changes"]) {
        expect(Object.keys(counts)).toContain(`${part}: ${part}`);
      }
      expect(Object.keys(counts)).toContain("Page: Engine");
      await expect(visit.renders.all).toHaveCount(Object.keys(counts).length);
    });

    test("a letter typed into one field renders that field, and what else shows it", async ({
      visit,
    }) => {
      await visit.open({ engine });
      await settle(visit);
      const rendered = await visit.renders.during(async () => {
        await visit.mfe("profile").name.press("!");
        await visit.mfe("activity").expectName("Grace!");
      });
      expect(withoutTime(rendered)).toEqual(
        once(
          ...["Profile: Name", "Preferences: Name", "Activity: Name"],
          ...["Profile: Person", "Profile: Edits", "Store: State size", "History: History"],
          ...everywhere,
        ),
      );
    });

    test("an e-mail address renders no name", async ({ visit }) => {
      await visit.open({ engine });
      await settle(visit);
      const rendered = await visit.renders.during(async () => {
        await visit.mfe("profile").setEmail("grace@example.com");
        await visit.mfe("activity").expectEmail("grace@example.com");
      });
      for (const mfe of visit.mfes()) {
        expect(rendered[`${mfe.title}: E-mail`]).toBe(1);
        expect(Object.keys(rendered)).not.toContain(`${mfe.title}: Name`);
      }
    });

    test("counting and the theme render the parts that show them", async ({ visit }) => {
      await visit.open({ engine });
      await settle(visit);
      await visit.mfe("profile").count("Add 1");
      await visit.mfe("activity").expectCounter(43);
      const shared = [...everywhere, "Profile: Edits", "History: History"];

      const counted = await visit.renders.during(async () => {
        await visit.mfe("profile").count("Add 1");
        await visit.mfe("activity").expectCounter(44);
      });
      const counters = visit.mfes().map((mfe) => `${mfe.title}: Counter`);
      expect(withoutTime(counted)).toEqual(once(...counters, "Activity: Count", ...shared));

      const themed = await visit.renders.during(async () => {
        await visit.mfe("profile").chooseTheme("Dark");
        await visit.mfe("activity").expectTheme("Dark");
      });
      const themes = visit.mfes().map((mfe) => `${mfe.title}: Theme`);
      expect(withoutTime(themed)).toEqual(once(...themes, "Store: State size", ...shared));
    });

    test("what is refused renders nothing", async ({ visit }) => {
      await visit.open({ engine });
      const rendered = await visit.renders.during(async () => {
        await visit.mfe("profile").setEmail("nobody");
        await expect(visit.mfe("profile").refusal).toBeVisible();
      });
      expect(rendered).toEqual({});
    });

    test("an undo renders what it takes back", async ({ visit }) => {
      await visit.open({ engine });
      await settle(visit);
      await visit.mfe("activity").count("Add 100");
      await visit.mfe("profile").expectCounter(142);
      const rendered = await visit.renders.during(async () => {
        await visit.history.undo.click();
        await visit.mfe("profile").expectCounter(42);
      });
      const counters = visit.mfes().map((mfe) => `${mfe.title}: Counter`);
      // The steps stay as they are; only where one stands among them is another.
      const others = ["Activity: Count", "Store: State size", "Store: Last source"];
      expect(withoutTime(rendered)).toEqual(once(...counters, ...others, ...everywhere));
    });
  });
}

test("an exchange of the engine renders its switch alone", async ({ workbench }) => {
  await settle(workbench);
  const rendered = await workbench.renders.during(async () => {
    await workbench.switchEngine("map");
    await expect(workbench.engineReport).toContainText("Carried over");
  });
  expect(rendered).toEqual(once("Page: Engine"));
});

test("a micro-frontend that comes and goes renders the registry, and begins to count anew", async ({
  workbench,
}) => {
  await settle(workbench);
  const gone = await workbench.renders.during(async () => {
    await workbench.toggle("activity", "Mounted").click();
    await expect(workbench.registryRow("activity")).toHaveCount(0);
  });
  expect(gone["Registry: Registry"]).toBe(1);
  expect(Object.keys(gone)).not.toContain("Profile: Name");
  await workbench.toggle("activity", "Mounted").click();
  await workbench.mfe("activity").expectAtWork();
  expect((await workbench.renders.read())["Activity: Name"]).toBe(1);
});

test("the counts can be hidden and shown, which moves nothing", async ({ workbench }) => {
  const { renders, page } = workbench;
  const boxes = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("section, input, button, h2, dd, table, pre")].map((element) =>
        JSON.stringify(element.getBoundingClientRect()),
      ),
    );
  await expect(renders.toggle).toHaveAttribute("aria-pressed", "true");
  await expect(renders.all.first()).toBeVisible();
  const total = await renders.all.count();
  const before = await boxes();

  await renders.toggle.click();
  await expect(renders.toggle).toHaveAttribute("aria-pressed", "false");
  await expect(page.locator(".renders:visible")).toHaveCount(0);
  // Neither does a screen reader find them.
  await expect(renders.all).toHaveCount(0);
  expect(await boxes()).toEqual(before);

  await workbench.mfe("profile").count("Add 1");
  await workbench.mfe("activity").expectCounter(43);
  await renders.toggle.click();
  await expect(renders.all).toHaveCount(total);
  for (const id of mfes) {
    expect((await renders.read())[`${workbench.mfe(id).title}: Counter`]).toBe(2);
  }
});
