//! What is sold and where it is picked up, as this team reads it.

use serde::Deserialize;

/// The address of the shop's data.
pub const DATA: &str = "/shop/data/";

/// `products.json`
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Catalogue {
    /// ISO 4217, of every price.
    pub currency: String,
    /// Everything that is sold.
    pub products: Vec<Product>,
}

/// Something that is sold, in one or more variants.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Product {
    /// Part of its address.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The colours that it comes in.
    pub variants: Vec<Variant>,
}

/// One colour of a product.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Variant {
    /// Unique in the shop.
    pub sku: String,
    /// Of the colour.
    pub name: String,
    /// In cents.
    pub price: i64,
    /// Relative to [`DATA`].
    pub picture: String,
}

/// `pickups.json`
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Pickups {
    /// Where things can be picked up.
    pub stores: Vec<PickupStore>,
}

/// A store to pick up from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PickupStore {
    /// Unique among the stores.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// Where the street is.
    pub town: String,
    /// When it is open.
    pub hours: String,
}

impl Catalogue {
    /// A variant and its product.
    pub fn find(&self, sku: &str) -> Option<(&Product, &Variant)> {
        self.products.iter().find_map(|product| {
            let variant = product.variants.iter().find(|variant| variant.sku == sku)?;
            Some((product, variant))
        })
    }
}

impl Product {
    /// Where a variant of it is shown. Ids and SKUs of the catalogue need no encoding.
    pub fn address(&self, variant: &Variant) -> String {
        format!("/shop/product/{}?sku={}", self.id, variant.sku)
    }
}
