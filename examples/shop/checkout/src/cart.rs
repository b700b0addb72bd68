//! What a cart comes to, and how it changes. No browser, no store.

use crate::{
    catalogue::{Catalogue, DATA},
    contract::{Cart, MOST, OrderedItem},
};

/// A line that can be shown: its SKU is in the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Of the variant.
    pub sku: String,
    /// Product and colour.
    pub title: String,
    /// Where the variant is shown.
    pub address: String,
    /// Address of the picture.
    pub picture: String,
    /// How many.
    pub quantity: u32,
    /// Of one piece, in cents.
    pub price: i64,
}

impl Line {
    /// Of all pieces, in cents.
    pub fn total(&self) -> i64 {
        self.price.saturating_mul(i64::from(self.quantity))
    }
}

/// The lines of a cart, without those whose SKU is not sold any more.
pub fn lines(cart: &Cart, catalogue: &Catalogue) -> Vec<Line> {
    let line = |item: &crate::contract::Item| {
        let (product, variant) = catalogue.find(&item.sku)?;
        Some(Line {
            sku: item.sku.clone(),
            title: format!("{}, {}", product.name, variant.name),
            address: product.address(variant),
            picture: format!("{DATA}{}", variant.picture),
            quantity: item.quantity,
            price: variant.price,
        })
    };
    cart.items.iter().filter_map(line).collect()
}

/// What lines come to, in cents.
pub fn total(lines: &[Line]) -> i64 {
    lines
        .iter()
        .fold(0, |sum, line| sum.saturating_add(line.total()))
}

/// Lines as an order has them.
pub fn ordered(lines: &[Line]) -> Vec<OrderedItem> {
    lines
        .iter()
        .map(|line| OrderedItem {
            sku: line.sku.clone(),
            quantity: line.quantity,
            price: line.price,
        })
        .collect()
}

/// Changes how many there are of a SKU: [`MOST`] at most, and none takes the line out.
pub fn set_quantity(cart: &mut Cart, sku: &str, quantity: u32) {
    cart.items.retain(|item| item.sku != sku || quantity > 0);
    for item in &mut cart.items {
        if item.sku == sku {
            item.quantity = quantity.min(MOST);
        }
    }
}

/// What somebody typed as a quantity.
pub fn parse_quantity(text: &str) -> Option<u32> {
    let quantity = text.trim().parse().ok()?;
    (1..=MOST).contains(&quantity).then_some(quantity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn catalogue() -> Catalogue {
        serde_json::from_value(json!({
            "currency": "EUR",
            "products": [{
                "id": "brook", "name": "Brook",
                "variants": [
                    { "sku": "brook-sea", "name": "Sea", "price": 2200, "picture": "sea.svg" },
                    { "sku": "brook-oat", "name": "Oat", "price": 1999, "picture": "oat.svg" },
                ],
            }],
        }))
        .unwrap()
    }

    fn cart(items: &[(&str, u32)]) -> Cart {
        let items: Vec<_> = items
            .iter()
            .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }))
            .collect();
        serde_json::from_value(json!({ "items": items })).unwrap()
    }

    #[test]
    fn the_total_counts_every_piece() {
        let lines = lines(&cart(&[("brook-sea", 2), ("brook-oat", 3)]), &catalogue());
        assert_eq!(total(&lines), 2 * 2200 + 3 * 1999);
    }

    #[test]
    fn a_line_tells_product_and_colour_and_leads_to_the_variant() {
        let lines = lines(&cart(&[("brook-sea", 1)]), &catalogue());
        let line = lines.first().unwrap();
        assert_eq!(line.title, "Brook, Sea");
        assert_eq!(line.address, "/shop/product/brook?sku=brook-sea");
    }

    #[test]
    fn what_is_not_sold_any_more_is_neither_shown_nor_charged_nor_ordered() {
        let lines = lines(&cart(&[("gone", 4), ("brook-sea", 1)]), &catalogue());
        assert_eq!(total(&lines), 2200);
        assert_eq!(ordered(&lines).len(), 1);
    }

    #[test]
    fn a_total_beyond_all_numbers_stays_at_the_largest() {
        let mut catalogue = catalogue();
        for product in &mut catalogue.products {
            for variant in &mut product.variants {
                variant.price = i64::MAX;
            }
        }
        let lines = lines(&cart(&[("brook-sea", 2), ("brook-oat", 3)]), &catalogue);
        assert_eq!(total(&lines), i64::MAX);
    }

    #[test]
    fn a_quantity_stays_within_its_limits_and_none_removes_the_line() {
        let mut cart = cart(&[("brook-sea", 2), ("brook-oat", 3)]);
        set_quantity(&mut cart, "brook-sea", 1000);
        assert_eq!(cart.items[0].quantity, MOST);
        set_quantity(&mut cart, "brook-sea", 0);
        assert_eq!(cart.items.len(), 1);
        assert_eq!(cart.items[0].sku, "brook-oat");
        set_quantity(&mut cart, "unknown", 5);
        assert_eq!(cart.items.len(), 1);
    }

    #[test]
    fn only_whole_numbers_within_the_limits_are_quantities() {
        assert_eq!(parse_quantity(" 7 "), Some(7));
        for text in ["", "0", "-1", "1.5", "100", "seven", "99999999999"] {
            assert_eq!(parse_quantity(text), None, "{text}");
        }
    }

    #[test]
    fn what_other_teams_added_to_the_cart_outlives_a_change() {
        let text = json!({
            "items": [{ "sku": "brook-sea", "quantity": 1, "gift": true }],
            "voucher": "SPRING",
        });
        let mut cart: Cart = serde_json::from_value(text).unwrap();
        set_quantity(&mut cart, "brook-sea", 2);
        assert_eq!(
            serde_json::to_value(&cart).unwrap(),
            json!({
                "items": [{ "sku": "brook-sea", "quantity": 2, "gift": true }],
                "voucher": "SPRING",
            })
        );
    }
}
