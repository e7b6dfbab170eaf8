# Texts of the whole portal.
service-name = Attribute Linkage Service
