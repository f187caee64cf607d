//! Roles: a field named `user.age` is read from the field `age` of the hash given for the role `user`.

use super::{Field, Schema};

impl Field {
    /// The role, and the name within its hash: the parts before and after the first dot. `None` if there is no dot or a
    /// part is empty.
    pub fn role(&self) -> Option<(&[u8], &[u8])> {
        let name = self.name();
        let dot = name.iter().position(|&byte| byte == b'.')?;
        let (role, rest) = (&name[..dot], &name[dot + 1..]);
        (!role.is_empty() && !rest.is_empty()).then_some((role, rest))
    }
}

impl Schema {
    /// The distinct roles, in order of first appearance.
    pub fn roles(&self) -> Vec<&[u8]> {
        let mut roles = Vec::new();
        for (role, _) in self.fields().iter().filter_map(Field::role) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldKind, Target};
    use super::*;

    #[test]
    fn roles_are_listed_in_the_order_of_the_fields() {
        let names = ["user.age", "hour", "promo.price", "user.country.code", ".x", "y.", "."];
        let fields = names.map(|name| (name.as_bytes().to_vec(), FieldKind::Number));
        let schema = Schema::new(fields, Target::Values(vec![(*b"taken").into()])).unwrap();
        assert_eq!(schema.roles(), [&b"user"[..], b"promo"]);
        let of = |index: usize| schema.fields()[index].role();
        assert_eq!(of(0), Some((&b"user"[..], &b"age"[..])));
        assert_eq!(of(3), Some((&b"user"[..], &b"country.code"[..])));
        assert_eq!([1, 4, 5, 6].map(of), [None; 4]);
    }
}
