//! The shop's contract (`../contract.md`), as far as this team needs it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use universal_state::Key;

/// What is going to be bought.
pub const CART: Key<Cart> = Key::new("cart");
/// The id of the store where it is picked up.
pub const PICKUP: Key<String> = Key::new("shop:pickup");
/// What was ordered last.
pub const ORDER: Key<Order> = Key::new("shop:order");
/// Where the page is.
pub const PLACE: Key<Place> = Key::new("shop:place");

/// What this team calls itself when it writes.
pub const SOURCE: &str = "checkout";

/// A line has this many pieces at most.
pub const MOST: u32 = 99;

/// What is going to be bought.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    /// One a SKU.
    #[serde(default)]
    pub items: Vec<Item>,
    /// What other teams put there and this one does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A line of the cart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Of the variant.
    pub sku: String,
    /// From 1 to [`MOST`].
    pub quantity: u32,
    /// What other teams put there and this one does not know.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What was ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// As the shop calls it.
    pub number: String,
    /// Who ordered.
    pub name: String,
    /// How they can be reached.
    pub email: String,
    /// The id of the store.
    pub pickup: String,
    /// At the price of the day.
    pub items: Vec<OrderedItem>,
    /// In cents.
    pub total: i64,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderedItem {
    /// Of the variant.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// Of one piece, in cents.
    pub price: i64,
}

/// Where the page is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// `/shop/cart`
    pub path: String,
}
