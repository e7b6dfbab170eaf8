# Texts of the whole portal.
service-name = Enishi Portal
